#pragma once

#include "test/support/fake/io.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace container_agent::test::fake {

/// What outlives one `fake_claude`, in the directory that $FAKE_CLAUDE_STATE
/// names:
///   starts        a line a start: the number of the process
///   runs          a line a prompt that began to run: its uuid
///   completed     a line a prompt that ran to its result: its uuid
///   stalled       made when nobody reads a flood
///   stdin         every line that came in (with --record-stdin)
///   session.<id>  the transcript: the uuids that were completed in it
/// Without the variable nothing is kept.
class state {
public:
  state() {
    const char* value = std::getenv("FAKE_CLAUDE_STATE");
    if (value != nullptr)
      dir_ = value;
  }

  [[nodiscard]] bool kept() const { return !dir_.empty(); }

  void append(const std::string& file, const std::string& line) const {
    if (!kept())
      return;
    int fd = ::open((dir_ / file).c_str(),
                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
      return;
    write_all(fd, line + '\n');
    ::close(fd);
  }

  /// Opens `file` for appending.
  [[nodiscard]] int open(const std::string& file) const {
    return ::open((dir_ / file).c_str(),
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }

  /// How many lines of `file` are `line` (or, if that is empty, how many
  /// there are).
  [[nodiscard]] std::size_t count(const std::string& file,
                                  const std::string& line) const {
    std::size_t result = 0;
    std::ifstream in(dir_ / file);
    std::string found;
    while (std::getline(in, found))
      if (line.empty() || found == line)
        ++result;
    return result;
  }

  [[nodiscard]] bool has_session(const std::string& id) const {
    return !kept() || std::filesystem::exists(session_file(id));
  }

  void begin_session(const std::string& id) const {
    if (kept() && !std::filesystem::exists(session_file(id)))
      std::ofstream{session_file(id)};
  }

  void forget_session(const std::string& id) const {
    std::error_code ignored;
    std::filesystem::remove(session_file(id), ignored);
  }

  std::set<std::string> completed_in(const std::string& id) const {
    std::set<std::string> result;
    std::ifstream in(session_file(id));
    std::string line;
    while (std::getline(in, line))
      result.insert(line);
    return result;
  }

  void complete(const std::string& id, const std::string& uuid) const {
    append("session." + id, uuid);
    append("completed", uuid);
  }

private:
  [[nodiscard]] std::filesystem::path
  session_file(const std::string& id) const {
    return dir_ / ("session." + id);
  }

  std::filesystem::path dir_;
};

} // namespace container_agent::test::fake
