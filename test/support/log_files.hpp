#pragma once

#include "test/support/programs.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

/// What an agent keeps in its state directory, as somebody with `ls` and `cat`
/// sees it.
namespace container_agent::test {

/// The parts of a log, oldest first.
inline std::vector<std::filesystem::path>
log_files(const std::filesystem::path& dir, const std::string& name) {
  std::vector<std::filesystem::path> result;
  constexpr std::size_t digits = 20;
  for (const auto& entry : std::filesystem::directory_iterator{dir}) {
    auto file = entry.path().filename().string();
    if (file.size() == name.size() + digits + 5 && file.starts_with(name + '.')
        && file.ends_with(".log"))
      result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// All that is kept of a log.
inline std::string log_text(const std::filesystem::path& dir,
                            const std::string& name) {
  std::string result;
  for (const auto& file : log_files(dir, name))
    result += read_file(file);
  return result;
}

} // namespace container_agent::test
