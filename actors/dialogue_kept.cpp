#include "actors/dialogue.hpp"

#include <utility>

// What outlives the agent.
namespace container_agent {

void dialogue::restore(const codec::kept_conversation& kept) {
  taken_up_ = true;
  session_ = kept.session_id;
  anew_ = kept.anew;
  for (const auto& p : kept.closed)
    prompts_.remember(trace_id_of(p.uuid));
  for (const auto& p : kept.prompts) {
    // Only a Claude Code that speaks of its prompts has begun any.
    lifecycle_known_ = lifecycle_known_ || p.begun;
    prompt known{p.uuid, p.line, p.sent, p.begun};
    if (p.sent > 0)
      prompts_.push_in_flight(std::move(known));
    else
      prompts_.push(std::move(known));
  }
}

void dialogue::begin_in_line() {
  line_unseen_ = true;
  voice_->begin_in_line();
}

void dialogue::note_begun(prompt& p) {
  if (!std::exchange(p.started, true))
    notes_.begun(p.uuid);
}

void dialogue::set_session(std::string id, bool anew) {
  session_ = std::move(id);
  anew_ = anew;
  notes_.session(session_, anew_);
}

} // namespace container_agent
