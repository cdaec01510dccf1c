#pragma once

#include "actors/ports.hpp"
#include "main/runtime/content.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/managed_child.hpp"
#include "main/runtime/pipe_sink.hpp"
#include "main/runtime/pipe_source.hpp"

#include <sys/types.h>

#include <memory>

namespace container_agent::runtime {

/// The child, by Boost.Process. It gets
///
/// - a guard above it, so that all it has started ends with it, and everything
///   with the agent, however that ends: see `fork_below_guard`;
/// - a process group of its own, so that a signal reaches what it starts;
/// - exactly three descriptors: pipes, blocking on its side;
/// - exactly the environment that the command names;
/// - every signal at its default and none blocked, whatever the agent does.
///
/// It has ended when the guard has: all that it had started is gone then. The
/// guard ends as the child did, and is reaped through a pidfd, so nothing else
/// in the process has to heed SIGCHLD. Should somebody kill the guard, the
/// kernel ends the child, and the agent, a subreaper for that, the rest.
class posix_child_process final : public child_process, public managed_child {
public:
  explicit posix_child_process(event_loop& loop, content kind = content::lines);
  posix_child_process(const posix_child_process&) = delete;
  posix_child_process& operator=(const posix_child_process&) = delete;

  /// A child that still runs is killed with its whole group, and reaped.
  ~posix_child_process() override;

  /// Refused while a child runs. Returns once the program itself runs, or has
  /// failed to. `error` is ENOENT, EACCES or ENOEXEC if there is no such
  /// program, or it can't be executed.
  launch_result launch(const child_command& command) override;

  bool running() const override;
  std::int32_t pid() const override;

  /// The guard while it runs.
  pid_t pid_to_spare() const override;

  /// If the end could not be learnt (something else has reaped the child),
  /// `exit_code` is -1.
  child_exit exit_status() const override;

  byte_sink& input() override { return input_; }
  byte_source& output() override { return output_; }
  byte_source& error_output() override { return error_output_; }

  void close_input() override { input_.close_when_drained(); }

  /// Bytes that `input` took and no child got, since the last call.
  std::size_t take_dropped_input() { return input_.take_dropped(); }

  /// Once the group is known to be empty it stays so: its number may belong to
  /// somebody else by now.
  std::error_code signal_group(int signal) override;

  void kill_harder() override;
  void on_exit(notification notify) override;

  void on_reaped(notification notify) override;

private:
  struct state;

  event_loop& loop_;
  content kind_;
  pipe_sink input_;
  pipe_source output_;
  pipe_source error_output_;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
