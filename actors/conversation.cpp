#include "actors/conversation.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <algorithm>
#include <type_traits>

namespace container_agent {

std::string conversation_config::validate() const {
  return stall_timeout.count() < 0 || start_timeout.count() < 0
           ? "the times that Claude may be silent must not be negative"
           : "";
}

conversation::conversation(caf::actor_config& config, bridge& protocol,
                           conversation_config settings, actor_context context)
  : agent_actor{config, context}, bridge_{protocol}, config_{settings} {}

conversation::behavior_type conversation::make_behavior() {
  return {
    [this](const host_line& line) {
      take(bridge_.from_input, line, input_credit_, line.text.size());
    },
    [this](const host_input_ended& end) {
      take(bridge_.from_input, end, input_credit_);
    },
    [this](const child_started& child) {
      launching_ = told_renewal_ = false;
      // While it was waited for, nothing was taken.
      if (child.attached)
        bridge_.to_child.rewind();
      bridge_.take(child);
      settle();
    },
    [this](const child_output& output) {
      take(bridge_.from_child, output, output_credit_, output.data.size());
    },
    [this](const child_ended& end) {
      output_credit_.asked(); // the next child waits for it
      take(bridge_.from_child, end, output_credit_);
      if (end.awaits_next && !launching_)
        ask_for_child();
    },
    [this](const child_input_window& window) {
      bridge_.to_child.update(window);
      settle();
    },
    [this](const host_output_window& window) {
      bridge_.to_host.update(window);
      settle();
    },
    [this](const restart_scheduled& plan) {
      bridge_.take(plan);
      settle();
    },
    [this](const restarts_exhausted& end) {
      if (is_left_to_next(end))
        return;
      bridge_.take(end);
      if (end.name == "shutdown_coordinator" || end.name == "supervisor")
        end_alone(end);
      settle();
    },
    [this](const restart_claude& wish) {
      bridge_.take(wish);
      settle();
    },
    [this](const interrupt_claude&) {
      auto outcome = bridge_.interrupt_on_request();
      settle();
      return outcome;
    },
    [this](const deadline_passed& deadline) {
      if (deadline.id == look_)
        lose_patience();
      else if (deadline.id == alarm_)
        ring();
    },
    [this](const begin_drain& drain) {
      bridge_.take(drain);
      told_drained_ = told_gone_ = false; // asked again by a new coordinator
      settle();
    },
    [this](const interrupt_turn& interrupt) {
      bridge_.take(interrupt);
      settle();
    },
    [this](const flush_output& flush) {
      if (!flush.goes_on)
        bridge_.close();
      flushing_ = true;
      settle();
    },
    [this](const get_conversation_status&) {
      auto status = bridge_.status();
      auto now = clock().now();
      status.turn_age = bridge_.pace.age(now);
      status.silence = bridge_.pace.silence(now);
      status.turns = bridge_.pace.durations();
      status.first_outputs = bridge_.pace.first_outputs();
      status.input_held = bridge_.input_held.total(now);
      status.output_held = bridge_.output_held.total(now);
      status.requests = bridge_.requests(now);
      return status;
    },
    [this](const peers_changed& now) { take_peers(now); },
  };
}

template <class Delivery, class Window>
void conversation::take(inbox& from, const Delivery& delivery,
                        credit_line<Window>& credit, std::size_t size) {
  if (from.expects(delivery.sequence)) {
    bridge_.take(delivery);
    from.take();
    credit.took(size);
  } else {
    credit.asked();
  }
  note_turn(std::is_same_v<Delivery, child_output>);
  settle();
}

void conversation::take_peers(const peers_changed& now) {
  if (replaced(now, &peers_changed::claude_process)) {
    bridge_.to_child.rewind();
    output_credit_.forget();
    told_renewal_ = false;
  }
  if (replaced(now, &peers_changed::pipe_output))
    bridge_.to_host.rewind();
  if (replaced(now, &peers_changed::pipe_input))
    input_credit_.forget();
  if (replaced(now, &peers_changed::shutdown_coordinator))
    told_finished_ = told_gone_ = false; // it may not have read that
  auto new_child = replaced(now, &peers_changed::claude_process);
  meet(now);
  if (new_child)
    ask_for_child();
  settle();
}

// While Claude runs on, all prompts are.
bool conversation::is_left_to_next(const restarts_exhausted& end) const {
  return config_.leaves_claude && !end.waits
         && (end.name != "claude_process" || bridge_.child_runs());
}

// Nobody is left to give these orders, and there is no time for a turn.
void conversation::end_alone(const restarts_exhausted& end) {
  bridge_.take(
    begin_drain{"gave up restarting " + end.name + ": " + end.reason});
  bridge_.close();
}

// Reads the clock only where there is something to note.
void conversation::note_turn(bool spoke) {
  auto turn = bridge_.turn();
  if (turn != bridge_.pace.turn() || (spoke && turn != 0))
    bridge_.pace.note(turn, spoke, clock().now());
}

// Sends on what has become possible, whatever it was that happened.
void conversation::settle() {
  note_turn();
  keep_time();
  while (const auto* input = bridge_.to_child.next())
    tell(peers().claude_process, *input);
  while (const auto* output = bridge_.to_host.next())
    tell(peers().pipe_output, *output);
  ask_what_was_taken();
  grant_credit();
  ask_for_status();
  report_progress();
  watch();
}

// What ends waits for the last piece to be taken, and for the host's only when
// all of it has been said.
void conversation::ask_what_was_taken() {
  if (bridge_.ending() || flushing_)
    if (const auto* input = bridge_.to_child.ask())
      tell(peers().claude_process, *input);
  if (flushing_)
    if (const auto* output = bridge_.to_host.ask())
      tell(peers().pipe_output, *output);
}

void conversation::grant_credit() {
  auto for_input = bridge_.input_credit();
  auto for_output = bridge_.output_credit();
  note_held(bridge_.input_held, for_input == 0);
  note_held(bridge_.output_held, for_output == 0);
  // A queue that has become full takes credit back.
  if (bridge_.from_input.taken() + for_input < input_credit_.told().limit)
    input_credit_.asked();
  if (auto window = input_credit_.due(bridge_.from_input, for_input))
    tell(peers().pipe_input, *window);
  if (auto window = output_credit_.due(bridge_.from_child, for_output))
    tell(peers().claude_process, *window);
}

void conversation::note_held(stopwatch& watch, bool held) {
  if (held != watch.runs())
    watch.note(held, clock().now());
}

void conversation::ask_for_child() {
  launching_ = peers().claude_process && bridge_.wants_child();
  if (launching_)
    tell(peers().claude_process, bridge_.launch_plan());
}

void conversation::ask_for_status() {
  if (bridge_.status_requests() == 0 || asking_status_
      || !peers().health_monitor)
    return;
  asking_status_ = true;
  request(peers().health_monitor, status_timeout, get_health{})
    .then(
      [this](const health_report& report) {
        asking_status_ = false;
        bridge_.answer_status(report.document);
        settle();
      },
      [this](const caf::error& error) {
        asking_status_ = false;
        context_.log.write(log_level::error, name(), "status_unavailable",
                           {{"reason", describe(error)}});
        bridge_.answer_status(R"({"state":"unknown"})");
        settle();
      });
}

void conversation::report_progress() {
  if (!told_drained_ && bridge_.drained()) {
    told_drained_ = true;
    tell(peers().shutdown_coordinator, turn_drained{});
  }
  if (!told_gone_ && bridge_.drained() && !bridge_.child_runs()
      && !launching_) {
    told_gone_ = true;
    tell(peers().shutdown_coordinator, child_gone{});
  }
  if (flushing_ && bridge_.to_host.empty()) {
    flushing_ = false;
    tell(peers().pipe_output, flush_output{});
  }
  if (const auto* how = bridge_.renewal();
      how && !told_renewal_ && peers().claude_process) {
    told_renewal_ = true;
    tell(peers().claude_process, *how);
  }
  if (!told_finished_ && bridge_.finished()) {
    told_finished_ = true;
    tell(peers().shutdown_coordinator, begin_shutdown{"input ended", 0, false});
  }
}

// One timer for all turns, however short: it is set again only for an earlier
// moment, and looks then whether anything has come since.
void conversation::watch() {
  auto now = bridge_.waits_for();
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

void conversation::lose_patience() {
  next_look_ = {};
  auto limit = limit_of(waiting_.what);
  if (limit.count() == 0)
    return;
  if (clock().now() < waiting_since_ + limit)
    return look_again(waiting_since_ + limit);
  bridge_.overdue();
  settle();
}

// One timer, as above. Where nothing waits for its time no clock is read.
void conversation::keep_time() {
  if (bridge_.wants_time())
    bridge_.pass(clock().now());
  auto due = bridge_.due();
  if (!due || (alarm_due_ && *alarm_due_ <= *due))
    return;
  alarm_due_ = due;
  ++alarms_;
  alarm_ = alarm_bit | alarms_;
  delayed_send(this, *due - clock().now(), deadline_passed{alarm_});
}

void conversation::ring() {
  alarm_due_.reset();
  bridge_.pass(clock().now());
  settle();
}

std::chrono::milliseconds
conversation::limit_of(bridge::patience::kind what) const {
  using kind = bridge::patience::kind;
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
