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
///   session.<id>  the transcript: the uuids of the prompts that it had begun
///                 to answer, and `task ID` of each task that was begun, and
///                 again when it is over
///   refused-modes     made by a test: permission modes that are refused
///   unreadable        a line a resume that is to fail
///   failed-resumes    a line a resume that has failed so
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

  /// Why this session can't be resumed, as Claude Code says it; empty if it
  /// can.
  [[nodiscard]] std::string why_not_resumed(const std::string& id) const {
    if (!kept())
      return {};
    if (std::filesystem::is_directory(session_file(id)))
      return "Failed to resume session: EISDIR: illegal operation on a "
             "directory, read";
    std::ifstream in(session_file(id));
    std::string line;
    std::getline(in, line);
    if (!std::filesystem::exists(session_file(id))
        || line.find('{') != std::string::npos)
      return "No conversation found with session ID: " + id;
    return {};
  }

  void begin_session(const std::string& id) const {
    if (kept() && !std::filesystem::exists(session_file(id)))
      std::ofstream{session_file(id)};
  }

  void forget_session(const std::string& id) const {
    std::error_code ignored;
    std::filesystem::remove(session_file(id), ignored);
  }

  /// The prompts that it had begun to answer.
  std::set<std::string> answered_in(const std::string& id) const {
    std::set<std::string> result;
    std::ifstream in(session_file(id));
    std::string line;
    while (std::getline(in, line))
      if (line.rfind("task ", 0) != 0)
        result.insert(line);
    return result;
  }

  /// The tasks that were begun and are not over.
  std::set<std::string> open_tasks_in(const std::string& id) const {
    std::set<std::string> result;
    std::ifstream in(session_file(id));
    std::string line;
    while (std::getline(in, line))
      if (line.rfind("task ", 0) == 0)
        if (auto task = line.substr(5); !result.insert(task).second)
          result.erase(task);
    return result;
  }

  /// Writes into the transcript.
  void note(const std::string& id, const std::string& line) const {
    append("session." + id, line);
  }

private:
  [[nodiscard]] std::filesystem::path
  session_file(const std::string& id) const {
    return dir_ / ("session." + id);
  }

  std::filesystem::path dir_;
};

} // namespace container_agent::test::fake
