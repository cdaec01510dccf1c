#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// What Claude does beside the host's prompts. Pure: time is handed in, as to
/// `turn_clock`.
///
/// A tool or a subagent that runs in the background outlives the turn that
/// began it. When it ends Claude says so and begins a turn of its own:
///
///     none ─background_tasks_changed─▶ task runs
///                                          │ task_notification
///     none ◀─`follow_up_grace` passes── own turn is expected
///       ▲                                  │ init
///       └──────────result────────────── own turn runs
///
/// Only a task that was stopped is followed by no turn. One that ends while a
/// turn runs may be told of within that turn: so an own turn that is expected
/// is not waited for longer than `follow_up_grace`.
class claude_tasks {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Claude Code took up to 0.1 s to begin its own turn; a loaded machine may
  /// take longer. If it comes later still, it is only not waited for.
  static constexpr std::chrono::milliseconds follow_up_grace{2000};

  /// `patience`: tasks of which nothing is heard for so long are not waited for
  /// any more; 0: for ever. It is what a turn may be silent.
  explicit claude_tasks(std::chrono::milliseconds patience)
    : patience_{patience} {}

  /// Another Claude, or none.
  void clear();

  /// These tasks run now.
  void set_running(std::vector<std::string> ids);

  /// Claude has said something about its tasks.
  void note_sign() { awaited_since_.reset(); }

  /// A task has ended so.
  void note_end(std::string_view status);

  /// A turn begins, and no prompt is in flight.
  void begin_turn();

  /// A turn has ended. `own`: Claude says that no prompt began it.
  void end_turn(bool own);

  const std::vector<std::string>& running() const { return running_; }

  /// A turn of Claude's own runs.
  bool in_turn() const { return in_turn_; }

  /// … or is about to begin.
  bool turn_expected() const { return in_turn_ || expected_ > 0; }

  /// A task runs that is worth waiting for.
  bool holds_back() const { return !running_.empty() && !left_alone_; }

  /// Draining and restarts wait while this holds.
  bool busy() const { return turn_expected() || holds_back(); }

  // -- time -------------------------------------------------------------------

  /// `idle`: no prompt is in flight. `awaited`: somebody waits for Claude to
  /// have nothing to do.
  struct setting {
    bool idle = true;
    bool awaited = false;
  };

  /// A wait has begun or ended, and its time is not noted yet.
  bool wants_time(setting now) const;

  /// It is `now`. True if tasks are left alone from now on.
  bool pass(time_point now, setting is);

  /// When `pass` has to be called again.
  std::optional<time_point> due() const;

private:
  std::chrono::milliseconds patience_;
  std::vector<std::string> running_;
  std::uint64_t expected_ = 0; // own turns, each for a task that has ended
  bool in_turn_ = false;
  bool left_alone_ = false;
  std::optional<time_point> expected_since_; // and nothing else happens
  std::optional<time_point> awaited_since_;  // and nothing was heard
};

} // namespace container_agent
