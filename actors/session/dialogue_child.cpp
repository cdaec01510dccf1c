#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <utility>

// Claude's life: its starts and ends, wanted or not, and its silences.
namespace container_agent {

void dialogue::take(const child_started& child) {
  if (child.generation == started_.generation) {
    gave_up_.clear();
    return; // an actor was restarted, the child was not
  }
  // Of a child that was adopted, an answer that an earlier agent has waited for
  // may be under way. First of all: should this throw, the child comes again.
  auto id = child.attached ? "again:" + std::to_string(context_.random.next())
                           : std::to_string(child.generation);
  initialize_id_ = initialize_prefix() + id;
  restore_id_ = std::string{codec::own_request_prefix} + "restore:" + id;
  started_ = child;
  dollars_ = 0;
  child_ = child_state::starting;
  interrupted_ = initialized_ = told_restored_ = false;
  session_.begin_attempt();
  events_.join(child.midstream);
  // The logs may tell of one before it, which had what this one lacks.
  taken_up_ = taken_up_ && child.attached && child.pid == kept_pid_;
  if (!taken_up_)
    begin_anew();
  renewal_.reset();
  gave_up_.clear();
  ++signs_;
  context_.log.write(log_level::info, loggers::conversation, "claude_started",
                     {{"pid", child.pid},
                      {"resumed", child.resumed},
                      {"attached", child.attached}});
  // One that an earlier agent has seen ready is so still.
  if (config_.transparent || (taken_up_ && has_settings_))
    return become_ready();
  initialize();
}

// What was of an earlier child.
void dialogue::begin_anew() {
  lifecycle_known_ = has_settings_ = false;
  cancel_requests();
  tasks_.clear();
  lose_control(config_.transparent, "Claude ended before it answered");
}

void dialogue::become_ready() {
  child_ = child_state::ready;
  context_.log.write(log_level::info, loggers::conversation, "claude_ready",
                     {{"pid", started_.pid}, {"session_id", session_.id()}});
  voice_->ready(started_, session_.id(), shown_gone_);
  release_control([this](const auto& control) {
    send_control(control);
    return true;
  });
  if (std::exchange(taken_up_, false))
    go_on_with_kept();
  else
    resend_prompts();
  start_prompts();
}

// What its log does not say that this very child was given, it has not got.
void dialogue::go_on_with_kept() {
  auto given = sent_to_child();
  for (const auto& p : prompts_.in_flight())
    if (!p.started && !given.contains(p.known_as()))
      send(p);
}

// Each begins with a request of the agent's own.
std::unordered_set<std::string> dialogue::sent_to_child() const {
  std::unordered_set<std::string> result;
  const auto begin = initialize_prefix();
  for_each_line(logs_.to_child, logs_.to_child.begin(),
                [&](std::string_view text) {
                  auto line = codec::read_envelope(text);
                  if (line.request_id.starts_with(begin))
                    result.clear();
                  else if (line.type == "user")
                    result.insert(line.uuid);
                });
  return result;
}

void dialogue::log_end(const child_ended& end, std::string_view uuid,
                       const std::optional<codec::event_range>& cut) {
  auto detached = end.kind == exit_kind::detached;
  auto wanted = is_wanted(end);
  context_.log.write(wanted ? log_level::info : log_level::error,
                     loggers::conversation,
                     detached ? "claude_detached"
                     : wanted ? "claude_stopped"
                              : "claude_exited",
                     {{"pid", end.pid},
                      {"end", to_string(end.kind)},
                      {"exit_code", end.exit_code},
                      {"signal", end.signal},
                      {"uuid", uuid},
                      {"cut_bytes", cut ? cut->to - cut->from - 1 : 0}});
}

void dialogue::take(const child_ended& end) {
  if (end.generation <= ended_)
    return;
  if (end.generation > started_.generation) // nobody was there to hear of it
    take(child_started{end.generation, end.pid, !session_.id().empty()});
  events_.end_torn_line();
  take_output();
  ended_ = end.generation;
  auto cut = events_.end_child();
  to_child_gone_ = std::max(to_child_gone_, end.taken);
  child_ = child_state::none;
  taken_up_ = false;
  cancel_requests();
  tasks_.clear();
  const auto& flying = prompts_.in_flight();
  auto uuid = flying.empty() ? std::string{} : flying.front().uuid;
  renewal_.reset();
  log_end(end, uuid, cut);
  if (!is_wanted(end)) // else the record `restarting` says why
    voice_->claude_exited(end, uuid, cut);
  lose_control(end.asked || config_.transparent,
               "Claude ended before it answered");
  settle_debts();
  if (end.asked)
    return fail_all("shutting_down",
                    end.kind == exit_kind::detached
                      ? "the agent let go of Claude before the result"
                      : "Claude was stopped before the result");
  if (!session_.fault().empty())
    lose_session();
}

launch_child dialogue::launch_plan() const {
  return {session_.id(), session_.anew(), logs_.to_child.end(), ended_};
}

// Not before the log has all that was for the one before: else the next one got
// it.
bool dialogue::wants_child() const {
  return logs_.to_child.owed() == 0
         && (!draining_ || !prompts_.in_flight().empty());
}

void dialogue::take(const restart_scheduled& plan) {
  voice_->restarting(plan, child_ != child_state::none || taken_up_);
}

void dialogue::take(const restarts_exhausted& end) {
  // Without any other actor Claude can still finish its turn.
  if (end.name != "claude_process")
    return;
  // One that an earlier agent has left is at work on what is in flight.
  auto runs = child_ != child_state::none || taken_up_;
  if (!end.waits) {
    if (!taken_up_)
      fail_all("gave_up", end.reason);
    return;
  }
  if (gave_up_.empty()) {
    gave_up_ = end.reason.empty() ? "it failed" : end.reason;
    lose_held_control("Claude is not started again");
  }
  // A Claude that has outlived its actor may have answered what is in flight:
  // whoever asks for Claude again hears that first.
  if (runs)
    fail_waiting("gave_up", end.reason);
  else
    fail_all("gave_up", end.reason);
}

// -- a restart that somebody wants --------------------------------------------

void dialogue::take(const restart_claude& wish) {
  if (child_ != child_state::none && !draining_)
    renewal_ = renew_child{wish.reason, wish.at_once, false};
}

const renew_child* dialogue::renewal() const {
  auto due
    = renewal_ && child_ != child_state::none
      && (renewal_->at_once || !busy()
          || (child_ == child_state::starting && !settings_.blocked().empty()));
  return due ? &*renewal_ : nullptr;
}

// -- patience -----------------------------------------------------------------

// Claude is not to blame while it waits for the host, for an answer, or for
// somebody to read what it says; nor while nobody is there to hear it.
dialogue::patience dialogue::waits_for() const {
  using kind = patience::kind;
  if (config_.transparent || logs_.events.end() >= output_limit()
      || !open_requests_.empty() || !gave_up_.empty())
    return {};
  if (!settings_.restoring() && !settings_.blocked().empty())
    return {}; // it has answered
  if (child_ == child_state::starting)
    return {kind::start, signs_};
  if (child_ != child_state::ready
      || (prompts_.in_flight().empty() && !tasks_.in_turn()))
    return {}; // a task may be silent for as long as it likes
  return {interrupted_ ? kind::interrupt : kind::turn, signs_};
}

void dialogue::overdue() {
  using kind = patience::kind;
  switch (waits_for().what) {
    case kind::nothing: break;
    case kind::start:
      context_.log.write(log_level::error, loggers::conversation,
                         "claude_start_stalled", {{"pid", started_.pid}});
      if (settings_.restoring()) {
        settings_.stop_waiting();
        tell_restored();
      }
      renewal_ = {"stalled: it did not get ready in time (--start-timeout)",
                  true, true};
      break;
    case kind::turn:
      context_.log.write(log_level::error, loggers::conversation,
                         "turn_stalled",
                         {{"uuid", prompts_.in_flight().empty()
                                     ? ""
                                     : prompts_.in_flight().front().uuid}});
      interrupted_ = true;
      interrupt();
      break;
    case kind::interrupt: give_stalled_up(); break;
  }
}

// What Claude has said before its end still counts: whether its prompts are
// sent again or failed is decided when the next one is ready.
void dialogue::give_stalled_up() {
  for (auto& p : prompts_.in_flight())
    ++p.stalls;
  renewal_ = {"stalled: silent for too long (--stall-timeout), and over the "
              "interrupt, too",
              true, true};
}

} // namespace container_agent
