#pragma once

#include "test/support/deadline.hpp"
#include "test/support/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// How a process ended: by an exit code or by a signal.
struct exit_status {
  int code = -1;  ///< The exit code, or -1 when a signal ended it.
  int signal = 0; ///< The signal that ended it, or 0.

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

std::string to_string(const exit_status& status);

/// Waits until this process, somebody else's child, has ended. Throws
/// std::runtime_error past the deadline.
void wait_gone(pid_t pid, deadline until = deadline{});

/// What to start and with what surroundings.
struct spawn_options {
  std::vector<std::string> argv; ///< argv[0] is looked for along $PATH.

  /// The whole environment, but for PATH and the sanitizers' options, which
  /// are always passed on.
  std::map<std::string, std::string> env;

  std::optional<std::filesystem::path> cwd;
  std::optional<mode_t> umask;
  bool stdin_pipe = false;          ///< Else stdin is /dev/null.
  std::vector<int> blocked_signals; ///< In force when the program begins.
  std::vector<int> ignored_signals; ///< Likewise.
  std::vector<int> inherited_fds;   ///< Numbers at which /dev/null is open.
};

/// One process under test. Its stdout and stderr are pipes that every wait
/// drains, so it never blocks on them. It gets SIGKILL when the thread that
/// started it dies, and at the end of this object's life.
class subprocess {
public:
  /// Throws std::system_error when it cannot fork. A failed exec shows as
  /// exit code 127.
  explicit subprocess(const spawn_options& options);
  subprocess(subprocess&&) = delete;
  ~subprocess();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  void send_signal(int signal) const;

  /// Waits for the end and returns how it ended; may be called again. Throws
  /// std::runtime_error past the deadline.
  exit_status wait_exit(deadline until = deadline{});

  /// Waits until `what` has appeared on stdout or stderr.
  void wait_for_output(std::string_view what, deadline until = deadline{});

  /// Writes all of `bytes` to stdin (which must be a pipe).
  void write_stdin(std::string_view bytes, deadline until = deadline{});
  void close_stdin();

  /// Reads a line, without its LF, from stdout; nothing at its end.
  std::optional<std::string> read_line(deadline until = deadline{});

  [[nodiscard]] const std::string& stdout_text() const noexcept {
    return stdout_text_;
  }

  [[nodiscard]] const std::string& stderr_text() const noexcept {
    return stderr_text_;
  }

  // For those that have a poll(2) of their own.

  /// The descriptors to wait on; -1 for the ones that are at their end.
  [[nodiscard]] int stdout_fd() const noexcept { return stdout_.get(); }
  [[nodiscard]] int stderr_fd() const noexcept { return stderr_.get(); }
  /// Readable when the process has ended; -1 once that was noticed.
  [[nodiscard]] int exit_fd() const noexcept {
    return exited_ ? -1 : pidfd_.get();
  }

  /// Reads what has come so far; never blocks.
  void drain();

  /// How it ended, if it has.
  std::optional<exit_status> try_wait();

private:
  void poll_once(const deadline& until, short stdin_events,
                 std::string_view waiting_for);

  pid_t pid_ = -1;
  unique_fd pidfd_;
  unique_fd stdin_;
  unique_fd stdout_;
  unique_fd stderr_;
  std::string stdout_text_;
  std::string stderr_text_;
  std::size_t stdout_read_ = 0;
  std::optional<exit_status> exited_;
};

} // namespace container_agent::test
