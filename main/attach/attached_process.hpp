#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"
#include "main/process/child_logs.hpp"
#include "main/process/process_table.hpp"

#include <cstdint>
#include <memory>

namespace container_agent::runtime {

/// A process that runs already and is not our child, as a `child_process`. Its
/// pipes take the place of a shim's; the logs are the same. Where its output
/// stands is not known: it may be within a line.
///
/// Its end shows through a pidfd(2). The exit code can be learnt only if the
/// process is a child of ours all the same (adopted, as process 1 does);
/// otherwise the `kind` of its end is `unknown`. Signals go to its process
/// group if it leads one, else to itself alone.
///
/// Nothing here ends it but `signal_group`: `close_input`, and the end of this
/// object's life, let go of it and leave it running.
class attached_process final : public child_process {
public:
  /// Ours of its pipes. `error_output` may be none.
  struct ends {
    unique_fd input;  ///< for writing
    unique_fd output; ///< for reading
    unique_fd error_output;
  };

  attached_process(event_loop& loop, const process_table& table,
                   child_logs logs);
  attached_process(const attached_process&) = delete;
  attached_process& operator=(const attached_process&) = delete;
  ~attached_process() override;

  /// Attaches through the process's own descriptors 0 and 1, and 2 if that is
  /// a pipe that nobody reads. Refused if it is not the process any more that
  /// began at `start_time` (`process_info`), and if another agent attaches to
  /// it at the same time (the one that is attached holds a flock(2) on its
  /// stdout). Its stdin gets what the log holds from `input_from` on.
  launch_result attach(std::int32_t pid, std::uint64_t start_time,
                       std::uint64_t input_from);

  /// The same with ends that the caller has.
  launch_result attach(std::int32_t pid, std::uint64_t start_time,
                       std::uint64_t input_from, ends own);

  /// Always refused: this class starts nothing.
  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;

  bool running() const override;
  std::int32_t pid() const override;
  child_exit exit_status() const override;

  outlet& input() override;
  inlet& output() override;
  byte_source& error_output() override;

  /// Lets go of it, once it has got all that it shall get: its `kind` of end
  /// is then `detached`. It sees the end of its input only if nobody else has
  /// that open for writing.
  void close_input() override;

  std::error_code signal_group(int signal) override;

  bool is_guest() const override { return true; }
  void let_go() override;
  void on_exit(notification notify) override;

private:
  struct state;

  launch_result open_ends(std::int32_t pid, ends& into) const;

  const process_table& table_;
  child_logs logs_;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
