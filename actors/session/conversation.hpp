#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"
#include "actors/session/session.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace container_agent {

struct conversation_config {
  /// How long Claude may be silent in the middle of a turn; 0: for ever.
  std::chrono::milliseconds stall_timeout{0};

  /// How long it may take until it is ready; 0: for ever.
  std::chrono::milliseconds start_timeout{0};

  /// See `shutdown_progress`.
  bool leaves_claude = false;

  std::string validate() const;
};

/// Owns:          nothing; it carries the messages of the `session` lent to it
/// Receives from: pipe_input, claude_process, pipe_output, supervisor,
///                shutdown_coordinator, health_monitor
/// Sends to:      claude_process, pipe_output, pipe_input,
///                shutdown_coordinator, health_monitor
/// Dies when:     never by itself; the next one continues with the same session
class conversation : public agent_actor<conversation_actor> {
public:
  conversation(caf::actor_config& config, session& protocol,
               conversation_config settings, actor_context context);

  const char* name() const override { return "conversation"; }

  /// How long the health monitor may take to answer a host's `status`.
  static constexpr std::chrono::seconds status_timeout{2};

  /// How long a Claude that was interrupted for its silence may go on being
  /// silent; shorter if `stall_timeout` is shorter.
  static constexpr std::chrono::seconds interrupt_grace{10};

  /// Pause before writing is tried again while a disk is full.
  static constexpr std::chrono::milliseconds retry_pause{1000};

protected:
  behavior_type make_behavior() override;

private:
  bool is_left_to_next(const restarts_exhausted& end) const;
  void end_alone(const restarts_exhausted& end);
  void take_peers(const peers_changed& now);
  void settle();
  void note_turn(bool spoke = false);
  void read_on();
  void tell_child();
  void tell_host();
  void tell_windows();
  void mend();
  void note_held(stopwatch& watch, bool held);
  void ask_for_child();
  void ask_for_status();
  void report_progress();
  void watch();
  void note_silence();
  void look_again(caf::actor_clock::time_point when);
  std::chrono::milliseconds limit_of(session::stall_watch::kind what) const;
  void keep_time();
  void ring();

  // Tells the two kinds of timers apart; their ids count from 1.
  static constexpr std::uint64_t alarm_bit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t mending = ~std::uint64_t{0};

  session& session_;
  conversation_config config_;
  std::optional<input_window> told_input_;
  std::uint64_t cut_at_ = 0;      // in the input
  std::uint64_t told_output_ = 0; // the limit of the child's output
  std::uint64_t told_child_ = 0;  // what its stdin is to get
  std::uint64_t told_host_ = 0;
  std::uint64_t released_ = 0;    // size of the logs at the last release
  bool mending_ = false;          // a disk is full
  bool launching_ = false;        // a child was asked for, not started yet
  std::uint64_t asked_after_ = 0; // the last child's end then
  bool asking_status_ = false;
  bool flushing_ = false; // asked to, but not passed on yet
  bool told_drained_ = false;
  bool told_gone_ = false;
  bool told_finished_ = false;
  bool told_renewal_ = false; // to this claude_process
  session::stall_watch waiting_;
  caf::actor_clock::time_point waiting_since_{};
  caf::actor_clock::time_point next_look_{}; // none: the epoch
  std::uint64_t look_ = 0;
  std::optional<session::time_point> alarm_due_; // the session's next deadline
  std::uint64_t alarms_ = 0;
  std::uint64_t alarm_ = 0;
};

} // namespace container_agent
