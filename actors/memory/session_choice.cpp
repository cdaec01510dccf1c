#include "actors/memory/session_choice.hpp"

#include <utility>

namespace container_agent {

namespace {

// What a `--resume` comes to that names no session, or no id.
bool refuses_session(const codec::envelope& result) {
  return result.first_error.starts_with("No conversation found")
         || result.first_error.starts_with("Error: --resume requires");
}

} // namespace

void session_choice::recall(std::string id, bool anew) {
  id_ = std::move(id);
  anew_ = anew;
  failures_ = 0;
}

void session_choice::begin_attempt() {
  refused_ = has_spoken_ = false;
  fault_.clear();
}

bool session_choice::note_word() {
  return !std::exchange(has_spoken_, true);
}

void session_choice::note_error(const codec::envelope& result, bool unready) {
  if (refuses_session(result))
    refused_ = true;
  if (unready || refused_)
    fault_ = !result.first_error.empty() ? result.first_error
             : !result.result.empty()    ? result.result
                                         : result.subtype;
}

void session_choice::note_resumed() {
  fault_.clear();
  failures_ = 0;
}

// A disk may be back at the next attempt; a session that never comes back must
// not end the agent.
bool session_choice::try_again() {
  return !refused_ && ++failures_ <= retries_;
}

} // namespace container_agent
