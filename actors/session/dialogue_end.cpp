#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"

#include <utility>

// The shutdown, and the status until then.
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
  // A Claude that an earlier agent left may be about to be taken up.
  if (child_ == child_state::none && !taken_up_)
    fail_all("shutting_down", "Claude was away until the agent's time was up");
  if (child_ != child_state::ready)
    return;
  if (!prompts_.in_flight().empty() || tasks_.in_turn())
    interrupt();
  stop_tasks();
}

// Normally the child's end has failed all prompts already. But its actor may
// not have been there to end it or report its end before the time was up.
void dialogue::close() {
  take_output(); // a result that is in the log already is an end
  closed_ = true;
  fail_all("shutting_down", "the agent stopped before the result");
  lose_held_control("the agent stopped before it was sent");
  lose_control(true, "the agent stopped before Claude answered");
  voice_->conclude();
  // Nobody will read the rest of a line that these records wait for.
  if (logs_.events.owed() > 0 && logs_.events.line_start() < logs_.events.end())
    end_torn_line();
  note_input(); // the next agent must not handle what was reported as lost
}

bool dialogue::drained() const {
  // Transparent mode knows no turns; the drain ends with Claude itself.
  return draining_ && (config_.transparent || !busy());
}

bool dialogue::finished() const {
  return input_.finished() && prompts_.idle() && !tasks_.busy()
         && held_control_.empty() && for_claude_.empty()
         && to_child_gone_ >= logs_.to_child.end() && status_requests_ == 0;
}

std::uint64_t dialogue::turn() const {
  return prompts_.in_flight().empty() ? 0 : prompts_.closed() + 1;
}

conversation_status dialogue::status() const {
  auto result = counters_;
  result.ready = child_ == child_state::ready;
  result.gave_up = !gave_up_.empty();
  result.trouble = logs_.trouble();
  if (child_ == child_state::starting && settings_.restoring())
    result.blocked = "Claude has not acknowledged yet what the host had set";
  else if (child_ == child_state::starting)
    result.blocked = settings_.blocked();
  result.session_id = session_;
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
  for (; status_requests_ > 0; --status_requests_)
    voice_->status(document);
}

} // namespace container_agent
