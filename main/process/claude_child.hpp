#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/content.hpp"
#include "main/loop/event_loop.hpp"
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

/// A reader's place in a log that an earlier agent has left: see
/// `storage::cursor`.
struct held_cursor {
  unique_fd description;
  std::uint64_t begins = 0; ///< where its file begins
};

/// The child, started by Boost.Process. It gets
///
/// - a shim above it, so that all it has started ends with it, and everything
///   with the agent, however that ends: see `shim_plan`;
/// - a process group of its own, so that a signal reaches what it starts;
/// - exactly three descriptors: pipes, blocking on its side;
/// - exactly the environment that the command names;
/// - every signal at its default and none blocked, whatever the agent does.
///
/// Its stdin gets what is in one log, its stdout is brought into the other. It
/// has ended when all that it had started is gone. Should somebody kill the
/// shim, the kernel ends the child, and the reaper above the shim the rest.
///
/// With `keep` it outlives the agent: the first launch takes over the one that
/// an earlier agent has left, with its exit status, where its streams stand. A
/// shim holds the readers' places, too, and passes them on to the next one.
class claude_child final : public child_process, public managed_child {
public:
  struct settings {
    bool keep = false;
    std::string directory; ///< with `keep`: where the next agent looks
    content kind = content::lines;
  };

  /// Looks for a kept child. Throws `shim_error`, `storage::log_error`.
  claude_child(event_loop& loop, child_logs logs, settings s);
  claude_child(const claude_child&) = delete;
  claude_child& operator=(const claude_child&) = delete;

  /// A child that still runs and is not kept is killed with all it has started,
  /// and reaped.
  ~claude_child() override;

  using reader = storage::position_page::reader;

  /// Whether a child was found that an earlier agent has left; it may have
  /// ended since.
  bool found() const;

  /// A reader's place that was found, or that was given to `holder`.
  std::optional<held_cursor> held(reader who) const;

  /// For `storage::cursor::on_description`: has the place outlive the agent.
  /// Empty without `keep`.
  storage::cursor::holder holder(reader who);

  /// Has a writing end of the host's FIFO outlive the agent, in place of the
  /// one before. Nothing without `keep`.
  void hold_fifo(int writer);

  /// Whether an earlier agent's was held: the FIFO has lost nothing then.
  bool fifo_was_held() const;

  /// Before the agent's end: whether a child that runs stays for the next
  /// agent. Else nothing is left, nor anything to be found.
  void conclude(bool leave);

  /// Refused while a child runs. Returns once the program itself runs, or has
  /// failed to. `error` is ENOENT, EACCES or ENOEXEC if there is no such
  /// program, or it can't be executed.
  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;

  bool running() const override;
  std::int32_t pid() const override;

  /// The reaper above the child, while it is there and ours.
  pid_t pid_to_spare() const override;

  /// SIGKILL if the end could not be learnt: somebody has killed the shim.
  child_exit exit_status() const override;

  storage::pipe_outlet& input() override { return input_; }
  storage::pipe_inlet& output() override { return output_; }
  byte_source& error_output() override { return error_output_; }

  void close_input() override;

  /// Once the group is known to be empty it stays so: its number may belong to
  /// somebody else by now.
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
