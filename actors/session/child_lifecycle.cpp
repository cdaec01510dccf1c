#include "actors/session/child_lifecycle.hpp"

#include "actors/session/conversation_fold.hpp"
#include "messages/agent_assert.hpp"
#include "messages/codec/input_message.hpp"

#include <utility>

namespace container_agent {

// -- from one agent to the next -----------------------------------------------

void child_lifecycle::recall(const codec::kept_conversation& kept, bool alive) {
  kept_pid_ = kept.pid;
  if (!alive)
    return;
  kept_ = kept.ready ? heritage::ready : heritage::unready;
  reports_lifecycle_ = kept.lifecycle;
}

// A kept one is left to the next agent as it was.
void child_lifecycle::describe(codec::kept_conversation& kept) const {
  kept.pid = is_ready() ? started_.pid : is_kept() ? kept_pid_ : 0;
  kept.ready = is_ready() || was_ready();
  kept.lifecycle = reports_lifecycle_;
}

bool child_lifecycle::take_over() {
  return std::exchange(kept_, heritage::none) != heritage::none;
}

// -- transitions --------------------------------------------------------------

void child_lifecycle::start(const child_started& child, std::string id) {
  AGENT_ASSERT(child.generation > started_.generation);
  started_ = child;
  id_ = std::move(id);
  state_ = state::initializing;
  interrupted_ = false;
  renewal_.reset();
  gave_up_.clear();
  ++signs_;
  // The logs may tell of one before it, which had what this one lacks.
  if (is_kept() && child.attached && child.pid == kept_pid_)
    return;
  kept_ = heritage::none;
  reports_lifecycle_ = false;
}

void child_lifecycle::note_initialized() {
  AGENT_ASSERT(state_ == state::initializing);
  state_ = state::restoring;
}

bool child_lifecycle::note_restored() {
  AGENT_ASSERT(state_ == state::restoring || state_ == state::restored);
  return std::exchange(state_, state::restored) != state::restored;
}

void child_lifecycle::get_ready() {
  AGENT_ASSERT(is_starting());
  state_ = state::ready;
}

void child_lifecycle::end(std::uint64_t generation) {
  AGENT_ASSERT(generation > ended_ && generation <= started_.generation);
  ended_ = generation;
  state_ = state::none;
  kept_ = heritage::none;
  renewal_.reset();
}

// -- where it stands ----------------------------------------------------------

// A kept one was resumed by an earlier agent, if at all, and if that has seen
// it ready it has its session. It may be in the middle of a turn. One of
// somebody else's is joined in midstream.
bool child_lifecycle::resumes() const {
  return started_.resumed || (started_.attached && !started_.midstream);
}

std::string child_lifecycle::initialize_id() const {
  return initialize_prefix() + id_;
}

std::string child_lifecycle::restore_id() const {
  return std::string{codec::own_request_prefix} + "restore:" + id_;
}

// -- another one in its place -------------------------------------------------

bool child_lifecycle::give_up(std::string_view reason) {
  if (!gave_up_.empty())
    return false;
  gave_up_ = reason.empty() ? "it failed" : reason;
  return true;
}

} // namespace container_agent
