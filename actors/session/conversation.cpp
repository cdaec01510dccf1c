#include "actors/session/conversation.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

std::string conversation_config::validate() const {
  return stall_timeout.count() < 0 || start_timeout.count() < 0
           ? "the times that Claude may be silent must not be negative"
           : "";
}

conversation::conversation(caf::actor_config& config, session& protocol,
                           conversation_config settings, actor_context context)
  : agent_actor{config, context}, session_{protocol}, config_{settings} {}

conversation::behavior_type conversation::make_behavior() {
  return {
    [this](const input_grew& news) {
      session_.on_input_grew(news);
      cut_at_ = news.cut_at;
      settle();
    },
    [this](const child_started& child) {
      launching_ = told_renewal_ = false;
      told_child_ = 0;
      session_.on_child_started(child);
      settle();
    },
    [this](const child_output_grew&) { settle(); },
    [this](const child_ended& end) {
      // A conversation that missed the child's start gets its end instead.
      auto asked_in_vain = launching_ && end.generation > asked_after_;
      session_.on_child_ended(end);
      if (asked_in_vain || (end.awaits_next && !launching_))
        ask_for_child();
      settle();
    },
    [this](const child_input_window& window) {
      session_.on_child_input(window);
      settle();
    },
    [this](const host_output_window& window) {
      session_.on_host_output(window);
      settle();
    },
    [this](const restart_scheduled& plan) {
      session_.on_restart_scheduled(plan);
      settle();
    },
    [this](const restarts_exhausted& end) {
      if (is_left_to_next(end))
        return;
      session_.on_restarts_exhausted(end);
      if (end.name == "shutdown_coordinator" || end.name == "supervisor")
        end_alone(end);
      settle();
    },
    [this](const restart_claude& wish) {
      session_.on_restart_claude(wish);
      settle();
    },
    [this](const interrupt_claude&) {
      auto outcome = session_.interrupt_on_request();
      settle();
      return outcome;
    },
    [this](const deadline_passed& deadline) {
      if (deadline.id == mending)
        mend();
      else if (deadline.id == look_)
        note_silence();
      else if (deadline.id == alarm_)
        ring();
    },
    [this](const begin_drain& drain) {
      session_.on_begin_drain(drain);
      told_drained_ = told_gone_ = false; // a new coordinator asks again
      settle();
    },
    [this](const interrupt_turn& interrupt) {
      session_.on_interrupt_turn(interrupt);
      settle();
    },
    [this](const flush_output& flush) {
      if (!flush.goes_on)
        session_.close();
      flushing_ = true;
      settle();
    },
    [this](const get_conversation_status&) {
      auto status = session_.status();
      auto now = clock().now();
      status.turn_age = session_.pace.age(now);
      status.silence = session_.pace.silence(now);
      status.turns = session_.pace.durations();
      status.first_outputs = session_.pace.first_outputs();
      status.input_held = session_.input_held.total(now);
      status.output_held = session_.output_held.total(now);
      status.requests = session_.requests(now);
      return status;
    },
    [this](const peers_changed& now) { take_peers(now); },
  };
}

void conversation::take_peers(const peers_changed& now) {
  if (replaced(now, &peers_changed::claude_process)) {
    told_child_ = told_output_ = 0;
    told_renewal_ = false;
  }
  if (replaced(now, &peers_changed::pipe_output))
    told_host_ = 0;
  if (replaced(now, &peers_changed::pipe_input))
    told_input_.reset();
  if (replaced(now, &peers_changed::shutdown_coordinator))
    told_finished_ = told_gone_ = false; // the old one may not have read it
  auto new_child = replaced(now, &peers_changed::claude_process);
  meet(now);
  if (new_child)
    ask_for_child();
  settle();
}

// If Claude is left to the next agent, so are all prompts.
bool conversation::is_left_to_next(const restarts_exhausted& end) const {
  return config_.leaves_claude && !end.waits
         && (end.name != "claude_process" || session_.child_runs());
}

// Nobody is left to give these orders, and there is no time to wait for a turn.
void conversation::end_alone(const restarts_exhausted& end) {
  session_.on_begin_drain(
    begin_drain{"gave up restarting " + end.name + ": " + end.reason});
  session_.close();
}

// Reads the clock only if there is something to note.
void conversation::note_turn(bool spoke) {
  auto turn = session_.turn();
  if (turn != session_.pace.turn() || (spoke && turn != 0))
    session_.pace.note(turn, spoke, clock().now());
}

// Called after every event: does whatever has become possible.
void conversation::settle() {
  read_on();
  note_turn();
  keep_time();
  tell_child();
  tell_host();
  tell_windows();
  ask_for_status();
  report_progress();
  watch();
}

// Reading one log may append to the other, so the output is read twice; then
// nothing new is left.
void conversation::read_on() {
  auto before = session_.heard();
  session_.read_events();
  note_turn(session_.heard() != before);
  session_.read_input();
  session_.read_events();
  const auto& logs = session_.logs();
  if (!logs.trouble().empty()) {
    if (!std::exchange(mending_, true))
      delayed_send(this, retry_pause, deadline_passed{mending});
  }
}

void conversation::mend() {
  mending_ = false;
  session_.logs().retry();
  if (!session_.child_runs() && !launching_)
    ask_for_child(); // lines for the last child are written first
  settle();
}

void conversation::tell_child() {
  for (const auto& mark : session_.take_child_marks())
    if (mark.end > told_child_) {
      told_child_ = mark.end;
      tell(peers().claude_process, child_input_grew{mark.end, mark.prompt});
    }
  if (auto end = session_.to_child_end(); end > told_child_) {
    told_child_ = end;
    tell(peers().claude_process, child_input_grew{end, {}});
  }
}

void conversation::tell_host() {
  auto end = session_.shown_to();
  for (const auto& mark : session_.take_host_marks())
    if (auto to = std::min(mark.end, end); to > told_host_) {
      told_host_ = to;
      tell(peers().pipe_output, host_output_grew{to, mark.prompt});
    }
  if (end > told_host_) {
    told_host_ = end;
    tell(peers().pipe_output, host_output_grew{end, {}});
  }
}

// Sends a window when half of the last one is used up, or when pipe_input waits
// for news: a message has begun or ended, or a cut was read.
void conversation::tell_windows() {
  const auto& logs = session_.logs();
  auto input = session_.input_standing();
  auto output = session_.output_limit();
  note_held(session_.input_held, !session_.may_read_input());
  note_held(session_.output_held, logs.events.end() >= output);
  if (!told_input_ || input.half != told_input_->half
      || (input.limit > told_input_->limit
          && logs.input.end() + session::small_window / 2 >= told_input_->limit)
      || (told_input_->taken < cut_at_ && input.taken >= cut_at_)) {
    told_input_ = input;
    tell(peers().pipe_input, input);
  }
  if (output > told_output_
      && logs.events.end() + session::small_window >= told_output_) {
    told_output_ = output;
    tell(peers().claude_process, child_output_window{output});
  }
  auto standing = logs.input.end() + session_.logs().events.end();
  if (standing >= released_ + session::output_window) {
    released_ = standing;
    session_.release();
  }
}

void conversation::note_held(stopwatch& watch, bool held) {
  if (held != watch.runs())
    watch.note(held, clock().now());
}

// Reads the output first, so that the child resumes the latest session.
void conversation::ask_for_child() {
  session_.read_events();
  launching_ = peers().claude_process && session_.wants_child();
  if (!launching_)
    return;
  auto plan = session_.launch_plan();
  asked_after_ = plan.after;
  tell(peers().claude_process, std::move(plan));
}

void conversation::ask_for_status() {
  if (session_.status_requests() == 0 || asking_status_
      || !peers().health_monitor)
    return;
  asking_status_ = true;
  request(peers().health_monitor, status_timeout, get_health{})
    .then(
      [this](const health_report& report) {
        asking_status_ = false;
        session_.answer_status(report.document);
        settle();
      },
      [this](const caf::error& error) {
        asking_status_ = false;
        context_.log.write(log_level::error, name(), "status_unavailable",
                           {{"reason", describe(error)}});
        session_.answer_status(R"({"state":"unknown"})");
        settle();
      });
}

void conversation::report_progress() {
  if (!told_drained_ && session_.drained()) {
    told_drained_ = true;
    tell(peers().shutdown_coordinator, turn_drained{});
  }
  if (!told_gone_ && session_.drained() && !session_.child_runs()
      && !launching_) {
    told_gone_ = true;
    tell(peers().shutdown_coordinator, child_gone{});
  }
  if (flushing_ && peers().pipe_output) {
    flushing_ = false;
    tell(peers().pipe_output, flush_output{});
  }
  if (const auto* how = session_.renewal();
      how && !told_renewal_ && peers().claude_process) {
    told_renewal_ = true;
    tell(peers().claude_process, *how);
  }
  if (!told_finished_ && session_.finished()) {
    told_finished_ = true;
    tell(peers().shutdown_coordinator, begin_shutdown{"input ended", 0, false});
  }
}

// One timer serves all turns, however short. It is only moved to an earlier
// time; when it fires, it checks whether anything has come since.
void conversation::watch() {
  auto now = session_.watched();
  if (now == waiting_)
    return;
  waiting_ = now;
  auto limit = limit_of(now.what);
  if (limit.count() == 0)
    return;
  waiting_since_ = clock().now();
  look_again(waiting_since_ + limit);
}

void conversation::look_again(caf::actor_clock::time_point when) {
  if (next_look_ != caf::actor_clock::time_point{} && next_look_ <= when)
    return;
  next_look_ = when;
  delayed_send(this, when - clock().now(), deadline_passed{++look_});
}

void conversation::note_silence() {
  next_look_ = {};
  auto limit = limit_of(waiting_.what);
  if (limit.count() == 0)
    return;
  if (clock().now() < waiting_since_ + limit)
    return look_again(waiting_since_ + limit);
  session_.on_stall();
  settle();
}

// One timer, as above. The clock is read only if something has a deadline.
void conversation::keep_time() {
  if (session_.wants_time())
    session_.pass(clock().now());
  auto due = session_.due();
  if (!due || (alarm_due_ && *alarm_due_ <= *due))
    return;
  alarm_due_ = due;
  ++alarms_;
  alarm_ = alarm_bit | alarms_;
  delayed_send(this, *due - clock().now(), deadline_passed{alarm_});
}

void conversation::ring() {
  alarm_due_.reset();
  session_.pass(clock().now());
  settle();
}

std::chrono::milliseconds
conversation::limit_of(session::stall_watch::kind what) const {
  using kind = session::stall_watch::kind;
  switch (what) {
    case kind::nothing: break;
    case kind::start: return config_.start_timeout;
    case kind::turn: return config_.stall_timeout;
    case kind::interrupt:
      return std::min<std::chrono::milliseconds>(interrupt_grace,
                                                 config_.stall_timeout);
  }
  return {};
}

} // namespace container_agent
