#include "actors/session/claude_session.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <utility>

// Claude's life: its starts and ends, wanted or not, and its silences. And the
// end of all.
namespace container_agent {

void claude_session::on_child_started(const child_started& child) {
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

void claude_session::meet(const child_started& child) {
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
void claude_session::begin_anew(std::string unwritten) {
  cancel_requests();
  tasks_.clear();
  lose_control(std::move(unwritten), config_.transparent,
               "Claude ended before it answered");
}

void claude_session::become_ready() {
  // Before anything changes: should reading throw, this is tried again.
  std::unordered_set<std::string> given;
  if (child_.is_kept())
    given = sent_to_child();
  child_.get_ready();
  context_.log.write(
    log_level::info, loggers::conversation, "claude_ready",
    {{"pid", child_.started().pid}, {"session_id", session_.id()}});
  encoder_->ready(child_.started(), session_.id(), shown_gone_);
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
void claude_session::go_on_with_kept(
  const std::unordered_set<std::string>& given) {
  for (const auto& p : prompts_.in_flight())
    if (!p.started && !given.contains(p.known_as()))
      send(p);
}

// Each begins with a request of the agent's own.
std::unordered_set<std::string> claude_session::sent_to_child() const {
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

void claude_session::log_end(const child_ended& end, std::string_view uuid,
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

void claude_session::on_child_ended(const child_ended& end) {
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
  read_events();
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
    encoder_->claude_exited(end, uuid, cut);
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

launch_child claude_session::launch_plan() const {
  return {session_.id(), session_.anew(), logs_.to_child.end(), child_.ended()};
}

// Not before the log has all that was for the one before: else the next one got
// it.
bool claude_session::wants_child() const {
  return logs_.to_child.owed() == 0
         && (!draining_ || !prompts_.in_flight().empty());
}

void claude_session::on_restart_scheduled(const restart_scheduled& plan) {
  encoder_->restarting(plan, child_.may_run());
}

void claude_session::on_restarts_exhausted(const restarts_exhausted& end) {
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

void claude_session::on_restart_claude(const restart_claude& wish) {
  if (child_.runs() && !draining_)
    child_.renew({wish.reason, wish.at_once, false});
}

const renew_child* claude_session::renewal() const {
  const auto* wish = child_.renewal();
  auto due = wish != nullptr
             && (wish->at_once || !busy()
                 || (child_.is_starting() && !settings_.blocked().empty()));
  return due ? wish : nullptr;
}

// -- silence ------------------------------------------------------------------

// Claude is not to blame while it waits for the host, for an answer, or for
// somebody to read what it says; nor while nobody is there to hear it.
claude_session::stall_watch claude_session::watched() const {
  using kind = stall_watch::kind;
  if (config_.transparent || logs_.events.end() >= output_limit()
      || !open_requests_.empty() || !child_.gave_up().empty())
    return {};
  if (!settings_.restoring() && !settings_.blocked().empty())
    return {}; // it has answered
  if (child_.is_starting())
    return {kind::start, child_.activity()};
  if (!child_.is_ready() || (prompts_.in_flight().empty() && !tasks_.in_turn()))
    return {}; // a task may be silent for as long as it likes
  return {child_.interrupted() ? kind::interrupt : kind::turn,
          child_.activity()};
}

void claude_session::on_stall() {
  using kind = stall_watch::kind;
  switch (watched().what) {
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
void claude_session::give_stalled_up() {
  for (auto& p : prompts_.in_flight())
    ++p.stalls;
  child_.renew({"stalled: silent for too long (--stall-timeout), and over the "
                "interrupt, too",
                true, true});
}

void claude_session::on_begin_drain(const begin_drain& drain) {
  if (std::exchange(draining_, true))
    return;
  context_.log.write(log_level::info, loggers::conversation, "drain_begun",
                     {{"reason", drain.reason},
                      {"in_flight", std::uint64_t{prompts_.in_flight().size()}},
                      {"waiting", std::uint64_t{prompts_.waiting()}}});
  encoder_->stopping(drain.reason);
  fail_waiting("shutting_down", "the agent stopped before its turn came");
}

void claude_session::on_interrupt_turn(const interrupt_turn&) {
  // One that was left by an earlier agent may be about to be taken up.
  if (!child_.may_run())
    fail_all("shutting_down", "Claude was away until the agent's time was up");
  if (!child_.is_ready())
    return;
  if (!prompts_.in_flight().empty() || tasks_.in_turn())
    interrupt();
  stop_tasks();
}

// After the child's end there is nothing left to fail. But nobody may have been
// there to end it, or to say so, before the time was up.
void claude_session::close() {
  read_events(); // a result that is in the log already is an end
  events_.close();
  fail_all("shutting_down", "the agent stopped before the result");
  lose_held_control("the agent stopped before it was sent");
  lose_control(unwritten_control(), true,
               "the agent stopped before Claude answered");
  encoder_->conclude();
  // Nobody is there to hear the rest of a line that this waits for.
  if (logs_.events.owed() > 0 && logs_.events.line_start() < logs_.events.end())
    events_.end_torn_line();
  note_input(); // what was told of as lost is not the next agent's
}

bool claude_session::drained() const {
  // Transparent mode knows no turns: Claude's own end ends the drain there.
  return draining_ && (config_.transparent || !busy());
}

bool claude_session::finished() const {
  return input_.finished() && prompts_.idle() && !tasks_.busy()
         && outbox_.empty() && to_child_gone_ >= logs_.to_child.end()
         && tally_.status_requests == 0;
}

std::uint64_t claude_session::turn() const {
  return prompts_.in_flight().empty() ? 0 : prompts_.closed() + 1;
}

conversation_status claude_session::status() const {
  auto result = tally_.counts;
  result.ready = child_.is_ready();
  result.gave_up = !child_.gave_up().empty();
  result.trouble = logs_.trouble();
  if (child_.is_starting() && settings_.restoring())
    result.blocked = "Claude has not acknowledged yet what the host had set";
  else if (child_.is_starting())
    result.blocked = settings_.blocked();
  result.session_id = session_.id();
  result.queued = prompts_.waiting();
  result.queued_bytes = prompts_.waiting_bytes();
  result.in_flight = prompts_.in_flight().size();
  result.requests_open = open_requests_.size();
  result.tasks = tasks_.running().size();
  result.own_turn = tasks_.turn_expected();
  result.events_end = logs_.events.end();
  return result;
}

void claude_session::answer_status(std::string_view document) {
  for (; tally_.status_requests > 0; --tally_.status_requests)
    encoder_->status(document);
}

} // namespace container_agent
