#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"

#include <utility>

// The end, and what is known until then.
namespace container_agent {

void dialogue::take(const begin_drain& drain) {
  if (std::exchange(draining_, true))
    return;
  context_.log.write(log_level::info, loggers::conversation, "drain_begun",
                     {{"reason", drain.reason},
                      {"in_flight", std::uint64_t{prompts_.in_flight().size()}},
                      {"waiting", std::uint64_t{prompts_.waiting()}}});
  voice_->stopping(drain.reason);
  fail_waiting("shutting_down", "the agent stopped before its turn came");
}

void dialogue::take(const interrupt_turn&) {
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
void dialogue::close() {
  take_output(); // a result that is in the log already is an end
  events_.close();
  fail_all("shutting_down", "the agent stopped before the result");
  lose_held_control("the agent stopped before it was sent");
  lose_control(unwritten_control(), true,
               "the agent stopped before Claude answered");
  voice_->conclude();
  // Nobody is there to hear the rest of a line that this waits for.
  if (logs_.events.owed() > 0 && logs_.events.line_start() < logs_.events.end())
    events_.end_torn_line();
  note_input(); // what was told of as lost is not the next agent's
}

bool dialogue::drained() const {
  // Transparent mode knows no turns: Claude's own end ends the drain there.
  return draining_ && (config_.transparent || !busy());
}

bool dialogue::finished() const {
  return input_.finished() && prompts_.idle() && !tasks_.busy()
         && outbox_.empty() && to_child_gone_ >= logs_.to_child.end()
         && tally_.status_requests == 0;
}

std::uint64_t dialogue::turn() const {
  return prompts_.in_flight().empty() ? 0 : prompts_.closed() + 1;
}

conversation_status dialogue::status() const {
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

void dialogue::answer_status(std::string_view document) {
  for (; tally_.status_requests > 0; --tally_.status_requests)
    voice_->status(document);
}

} // namespace container_agent
