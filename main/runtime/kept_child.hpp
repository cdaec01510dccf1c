#pragma once

#include "actors/ports.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/keep_place.hpp"
#include "main/runtime/managed_child.hpp"
#include "main/runtime/peeked_pipe.hpp"
#include "main/runtime/pipe_sink.hpp"
#include "main/runtime/pipe_source.hpp"
#include "main/runtime/whole_lines.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace container_agent::runtime {

/// A child that outlives the agent (`--keep-claude`), on the FIFOs of a
/// `keep_place`. The first launch takes over the one that an earlier agent has
/// left, if it runs. Nothing here ends it but `signal_group` and `close_input`.
class kept_child final : public child_process, public managed_child {
public:
  /// Throws `fifo_error`.
  kept_child(event_loop& loop, keep_place& place);
  kept_child(const kept_child&) = delete;
  kept_child& operator=(const kept_child&) = delete;
  ~kept_child() override;

  /// Where the host's output stands, from before this agent.
  move_note::standing output_standing() const { return standing_; }

  /// What Claude has said before this position, and was not moved to the host,
  /// is lost: see `move_note`. Before the first launch.
  void lose_output(std::uint64_t until);

  /// Whether a child was found that an earlier agent has left.
  bool found() const { return found_.has_value(); }

  /// A longer line has to be passed on before it is whole: it might fill the
  /// FIFO, which it leaves only with its next piece.
  std::size_t max_held_line() const;

  /// What the host's output is written with.
  piece_writer& output_writer() { return output_.writer(); }

  /// Called before a process is started: should the agent be killed in between,
  /// the next one knows that this Claude is another one.
  void before_start(notification notify) { before_start_ = std::move(notify); }

  /// Waits (`on_appeared`) while a dead child's output fills its FIFO.
  launch_result launch(const child_command& command) override;
  bool running() const override;
  std::int32_t pid() const override;

  /// Of a child that an earlier agent has started only the parent could know:
  /// the kind is `exit_kind::unknown` then.
  child_exit exit_status() const override;

  byte_sink& input() override { return input_; }
  byte_source& output() override { return output_; }
  byte_source& error_output() override { return errors_; }

  /// Its stdin can't end, as it holds it open itself: it is sent SIGTERM at
  /// once instead, whatever is pending.
  void close_input() override;

  std::error_code signal_group(int signal) override;
  void on_exit(notification notify) override;
  void on_appeared(notification notify) override;

  /// Claude, while it runs, if this process has started it.
  pid_t pid_to_spare() const override;
  void on_reaped(notification notify) override;

private:
  struct state;

  launch_result take_over(pid_t pid);
  launch_result start(const child_command& command);
  std::error_code end_cut_line();
  launch_result await_room();

  keep_place& place_;
  pipe_calls calls_;
  whole_lines writer_;
  pipe_sink input_;
  peeked_pipe output_;
  pipe_source errors_;
  std::optional<pid_t> found_;
  bool first_ = true;
  notification before_start_;
  move_note::standing standing_;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
