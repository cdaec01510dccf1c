#pragma once

#include "test/support/fake/io.hpp"

#include <cstdio>
#include <string>

namespace container_agent::test::fake {

/// A shell command that a tool runs; readable until it is over.
class shell_command {
public:
  shell_command() = default;
  shell_command(const shell_command&) = delete;
  shell_command& operator=(const shell_command&) = delete;
  ~shell_command() { abandon(); }

  void start(const std::string& command) {
    abandon();
    pipe_ = ::popen(("exec </dev/null; " + command).c_str(), "re");
  }

  /// -1 when none runs.
  [[nodiscard]] int fd() const { return pipe_ ? ::fileno(pipe_) : -1; }

  /// Reads some; returns whether it is over, after `output` has all.
  bool read_on() {
    char buffer[4096];
    auto n = ::read(fd(), buffer, sizeof(buffer));
    if (n > 0) {
      output.append(buffer, static_cast<std::size_t>(n));
      return false;
    }
    ::pclose(pipe_);
    pipe_ = nullptr;
    return true;
  }

  /// Not by pclose, which would wait for a command that nobody lets go on.
  void abandon() {
    if (pipe_ != nullptr)
      ::close(::fileno(pipe_));
    pipe_ = nullptr;
    output.clear();
  }

  std::string output;

private:
  std::FILE* pipe_ = nullptr;
};

/// What runs in the background: one at a time is enough for the tests.
struct background_task {
  std::string id; ///< Empty when there is none.
  shell_command command;
};

} // namespace container_agent::test::fake
