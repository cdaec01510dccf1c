#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <utility>

// Claude's life: its starts and ends, wanted or not, and its silences.
namespace container_agent {

void dialogue::take(const child_started& child) {
  auto known = child.generation == child_.started().generation;
  if (known)
    child_.note_return(); // an actor was restarted, the child was not
  else
    meet(child);
  // One that an earlier agent has seen ready is so still.
  if (child_.is_starting() && (config_.transparent || child_.was_ready()))
    become_ready();
  else if (!known)
    initialize();
}

void dialogue::meet(const child_started& child) {
  // Before anything changes: should reading throw, the child is told of again.
  auto stays = child.attached && child_.is_left(child.pid);
  auto unwritten = stays ? std::string{} : unwritten_control();
  // An adopted child may still send an answer that an earlier agent waited for,
  // so its requests get ids of their own. This comes first: if it throws, the
  // child is told of again.
  auto id = child.attached ? "again:" + std::to_string(context_.random.next())
                           : std::to_string(child.generation);
  child_.start(child, std::move(id));
  tally_.begin_child();
  session_.begin_attempt();
  events_.join(child.midstream);
  if (!child_.is_kept())
    begin_anew(std::move(unwritten));
  context_.log.write(log_level::info, loggers::conversation, "claude_started",
                     {{"pid", child.pid},
                      {"resumed", child.resumed},
                      {"attached", child.attached}});
}

// What was of an earlier child.
void dialogue::begin_anew(std::string unwritten) {
  cancel_requests();
  tasks_.clear();
  lose_control(std::move(unwritten), config_.transparent,
               "Claude ended before it answered");
}

void dialogue::become_ready() {
  // Before anything changes: should reading throw, this is tried again.
  std::unordered_set<std::string> given;
  if (child_.is_kept())
    given = sent_to_child();
  child_.get_ready();
  context_.log.write(
    log_level::info, loggers::conversation, "claude_ready",
    {{"pid", child_.started().pid}, {"session_id", session_.id()}});
  voice_->ready(child_.started(), session_.id(), shown_gone_);
  release_control([this](const auto& control) {
    send_control(control);
    return true;
  });
  if (child_.take_over())
    go_on_with_kept(given);
  else
    resend_prompts();
  start_prompts();
}

// What its log does not say that this very child was given, it has not got.
void dialogue::go_on_with_kept(const std::unordered_set<std::string>& given) {
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
  if (end.generation <= child_.ended())
    return;
  // Nobody was there to hear of its start. Results of one that the earlier
  // agent has left ready count.
  if (end.generation > child_.started().generation) {
    meet({end.generation, end.pid, !session_.id().empty(),
          child_.is_left(end.pid)});
    if (child_.was_ready())
      child_.get_ready();
  }
  events_.end_torn_line();
  take_output();
  to_child_gone_ = std::max(to_child_gone_, end.taken);
  auto unwritten = unwritten_control(); // it may throw: before the end is known
  child_.end(end.generation);
  auto cut = events_.end_child();
  cancel_requests();
  tasks_.clear();
  const auto& flying = prompts_.in_flight();
  auto uuid = flying.empty() ? std::string{} : flying.front().uuid;
  log_end(end, uuid, cut);
  if (!is_wanted(end)) // else the record `restarting` says why
    voice_->claude_exited(end, uuid, cut);
  lose_control(std::move(unwritten), end.asked || config_.transparent,
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
  return {session_.id(), session_.anew(), logs_.to_child.end(), child_.ended()};
}

// Not before the log has all that was for the one before: else the next one got
// it.
bool dialogue::wants_child() const {
  return logs_.to_child.owed() == 0
         && (!draining_ || !prompts_.in_flight().empty());
}

void dialogue::take(const restart_scheduled& plan) {
  voice_->restarting(plan, child_.may_run());
}

void dialogue::take(const restarts_exhausted& end) {
  // Without any other actor Claude can still finish its turn.
  if (end.name != "claude_process")
    return;
  // One that an earlier agent has left is at work on what is in flight.
  auto runs = child_.may_run();
  if (!end.waits) {
    if (!child_.is_kept())
      fail_all("gave_up", end.reason);
    return;
  }
  if (child_.give_up(end.reason))
    lose_held_control("Claude is not started again");
  // A Claude that has outlived its actor may have answered what is in flight:
  // whoever asks for Claude again hears that first.
  if (runs)
    fail_waiting("gave_up", end.reason);
  else
    fail_all("gave_up", end.reason);
}

// -- a restart that somebody wants --------------------------------------------

void dialogue::take(const restart_claude& wish) {
  if (child_.runs() && !draining_)
    child_.renew({wish.reason, wish.at_once, false});
}

const renew_child* dialogue::renewal() const {
  const auto* wish = child_.renewal();
  auto due = wish != nullptr
             && (wish->at_once || !busy()
                 || (child_.is_starting() && !settings_.blocked().empty()));
  return due ? wish : nullptr;
}

// -- patience -----------------------------------------------------------------

// Claude is not to blame while it waits for the host, for an answer, or for
// somebody to read what it says; nor while nobody is there to hear it.
dialogue::patience dialogue::waits_for() const {
  using kind = patience::kind;
  if (config_.transparent || logs_.events.end() >= output_limit()
      || !open_requests_.empty() || !child_.gave_up().empty())
    return {};
  if (!settings_.restoring() && !settings_.blocked().empty())
    return {}; // it has answered
  if (child_.is_starting())
    return {kind::start, child_.signs()};
  if (!child_.is_ready() || (prompts_.in_flight().empty() && !tasks_.in_turn()))
    return {}; // a task may be silent for as long as it likes
  return {child_.interrupted() ? kind::interrupt : kind::turn, child_.signs()};
}

void dialogue::overdue() {
  using kind = patience::kind;
  switch (waits_for().what) {
    case kind::nothing: break;
    case kind::start:
      context_.log.write(log_level::error, loggers::conversation,
                         "claude_start_stalled",
                         {{"pid", child_.started().pid}});
      if (settings_.restoring()) {
        settings_.stop_waiting();
        tell_restored();
      }
      child_.renew({"stalled: it did not get ready in time (--start-timeout)",
                    true, true});
      break;
    case kind::turn:
      context_.log.write(log_level::error, loggers::conversation,
                         "turn_stalled",
                         {{"uuid", prompts_.in_flight().empty()
                                     ? ""
                                     : prompts_.in_flight().front().uuid}});
      child_.set_interrupted(true);
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
  child_.renew({"stalled: silent for too long (--stall-timeout), and over the "
                "interrupt, too",
                true, true});
}

} // namespace container_agent
