#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/stream_kind.hpp"
#include "main/process/child_logs.hpp"
#include "main/process/pipe_source.hpp"
#include "main/shim/managed_child.hpp"
#include "main/shim/shim_place.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/pipe_inlet.hpp"
#include "main/storage/pipe_outlet.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace container_agent::runtime {

/// A reader's position in a log, left by an earlier agent; see
/// `storage::cursor`.
struct held_cursor {
  unique_fd description;
  std::uint64_t begins = 0; ///< where its file begins
};

/// The child, started by Boost.Process. It gets
///
/// - a shim above it, so that everything it has started ends with it, and all
///   of it with the agent, however that ends; see `shim_plan`;
/// - its own process group, so that a signal reaches what it starts;
/// - exactly three descriptors: pipes, blocking on its side;
/// - exactly the environment that the command names;
/// - every signal at its default and none blocked, whatever the agent does.
///
/// One log feeds its stdin, another one receives its stdout. The child counts
/// as ended when everything it had started is gone. If the shim is killed, the
/// kernel ends the child, and the reaper above the shim ends the rest.
///
/// With `keep` the child outlives the agent: the first launch takes over the
/// child that an earlier agent left, with its exit status and its stream
/// positions. A shim also holds the readers' positions, and passes them on to
/// the next one.
class claude_child final : public child_process, public managed_child {
public:
  struct settings {
    bool keep = false;
    std::string directory; ///< with `keep`: where the next agent looks
    stream_kind kind = stream_kind::lines;
  };

  /// Looks for a kept child. Throws `shim_error`, `storage::log_error`.
  claude_child(event_loop& loop, child_logs logs, settings s);
  claude_child(const claude_child&) = delete;
  claude_child& operator=(const claude_child&) = delete;

  /// Kills and reaps a child that still runs and is not kept, and everything
  /// that it has started.
  ~claude_child() override;

  using reader = storage::position_page::reader;

  /// Whether an earlier agent left a child. It may have ended since.
  bool found() const;

  /// A reader's position that was found, or that was given to `holder`.
  std::optional<held_cursor> held(reader who) const;

  /// For `storage::cursor::on_description`: makes the position outlive the
  /// agent. Empty without `keep`.
  storage::cursor::holder holder(reader who);

  /// Makes a writing end of the host's FIFO outlive the agent, replacing an
  /// earlier one. No effect without `keep`.
  void hold_fifo(int writer);

  /// Whether that of an earlier agent was held, so that the FIFO lost nothing.
  bool fifo_was_held() const;

  /// Called before the agent ends. `leave`: a running child stays for the next
  /// agent. Otherwise everything ends, and nothing is left to be found.
  void conclude(bool leave);

  /// Refused while a child runs. Returns once the program itself runs, or has
  /// failed to. `error` is ENOENT, EACCES or ENOEXEC if there is no such
  /// program or it can't be executed.
  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;

  bool running() const override;
  std::int32_t pid() const override;

  /// The reaper above the child, while it exists and is our child.
  pid_t pid_to_spare() const override;

  /// SIGKILL if the status is unknown because the shim was killed.
  child_exit exit_status() const override;

  storage::pipe_outlet& input() override { return input_; }
  storage::pipe_inlet& output() override { return output_; }
  byte_source& error_output() override { return error_output_; }

  void close_input() override;

  /// No effect once the group was found to be empty: its number may belong to
  /// another group by now.
  std::error_code signal_group(int signal) override;

  void kill_harder() override;
  void on_exit(notification notify) override;

  void on_reaped(notification notify) override;

private:
  struct state;

  void look_for_kept();
  launch_result take_over();
  launch_result start(const child_command& command, const std::string& path,
                      std::uint64_t input_from);
  std::unique_ptr<storage::cursor> new_cursor(std::uint64_t offset);

  event_loop& loop_;
  child_logs logs_;
  settings settings_;
  shim_place place_;
  storage::pipe_outlet input_;
  storage::pipe_inlet output_;
  pipe_source error_output_;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
