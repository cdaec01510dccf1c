#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace container_agent::test {

/// A directory of its own for one test, mode 0700, removed with all that is in
/// it at the end of the test. Made below $TMPDIR, else below /tmp.
class temp_dir {
public:
  temp_dir();
  temp_dir(temp_dir&&) = delete;
  ~temp_dir();

  [[nodiscard]] const std::filesystem::path& path() const noexcept {
    return path_;
  }

  std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

private:
  std::filesystem::path path_;
};

/// The whole content of a file; empty when there is none.
std::string read_file(const std::filesystem::path& path);

/// Makes or replaces a file.
void write_file(const std::filesystem::path& path, std::string_view content);

} // namespace container_agent::test
