#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// What Claude does besides the host's prompts. Pure: time is handed in, as to
/// `turn_timer`.
///
/// A tool or a subagent that runs in the background outlives the turn that
/// began it. When it ends, Claude reports that and begins a turn of its own:
///
///     none ─background_tasks_changed─▶ task runs
///                                          │ task_notification
///     none ◀─`follow_up_grace` passes── own turn is expected
///       ▲                                  │ init
///       └──────────result────────────── own turn runs
///
/// Only a task that was stopped is followed by no turn. If a task ends during a
/// turn, Claude may report it within that turn; an expected own turn is
/// therefore awaited for no longer than `follow_up_grace`.
class claude_tasks {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Claude Code took up to 0.1 s to begin its own turn; a loaded machine may
  /// take longer. A turn that begins later still is only not waited for.
  static constexpr std::chrono::milliseconds follow_up_grace{2000};

  /// `patience`: tasks that were silent for this long are no longer waited for;
  /// 0: wait for ever. The same limit holds for a silent turn.
  explicit claude_tasks(std::chrono::milliseconds patience)
    : patience_{patience} {}

  /// Claude was replaced or has gone.
  void clear();

  /// These tasks run now; all others have ended.
  void set_running(std::vector<std::string> ids);

  /// Claude has reported something about its tasks.
  void note_activity() { awaited_since_.reset(); }

  /// A task has ended with this status.
  void note_end(std::string_view status);

  /// A turn begins while no prompt is in flight.
  void begin_turn();

  /// A turn has ended. `own`: Claude reports that no prompt began it.
  void end_turn(bool own);

  const std::vector<std::string>& running() const { return running_; }

  /// A turn of Claude's own runs.
  bool in_turn() const { return in_turn_; }

  /// … or is about to begin.
  bool turn_expected() const { return in_turn_ || expected_ > 0; }

  /// A task runs that the agent waits for.
  bool holds_back() const { return !running_.empty() && !left_alone_; }

  /// Draining and restarts wait while this holds.
  bool busy() const { return turn_expected() || holds_back(); }

  // -- time -------------------------------------------------------------------

  /// `idle`: no prompt is in flight. `awaited`: a restart or a drain waits
  /// until Claude is idle.
  struct setting {
    bool idle = true;
    bool awaited = false;
  };

  /// A wait has begun or ended since the last `pass`.
  bool wants_time(setting now) const;

  /// Sets the time. Returns true if tasks are no longer waited for from now on.
  bool pass(time_point now, setting is);

  /// When `pass` has to be called again.
  std::optional<time_point> due() const;

private:
  std::chrono::milliseconds patience_;
  std::vector<std::string> running_;
  std::uint64_t expected_ = 0; // own turns, one for each task that has ended
  bool in_turn_ = false;
  bool left_alone_ = false;
  std::optional<time_point> expected_since_; // and nothing else happens
  std::optional<time_point> awaited_since_;  // and nothing was heard
};

} // namespace container_agent
