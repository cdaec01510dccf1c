#include "actors/shutdown/drain_plan.hpp"

#include "messages/agent_assert.hpp"

#include <utility>

namespace container_agent {

std::string drain_timeouts::validate() const {
  for (auto t : {turn, interrupt, close, terminate, kill, flush})
    if (t.count() < 0)
      return "the times of the shutdown must not be negative";
  return {};
}

std::chrono::milliseconds drain_timeouts::total() const {
  return turn + interrupt + close + terminate + kill + flush;
}

bool drain_plan::take(event e) {
  if (e == event::child_gone)
    child_gone_ = true;
  auto next = after(e);
  // Without a child there is nothing to close, terminate or kill.
  if (child_gone_ && next >= phase::closing && next < phase::flushing)
    next = phase::flushing;
  AGENT_ASSERT(next >= phase_ && next <= phase::stopped);
  return std::exchange(phase_, next) != next;
}

drain_plan::phase drain_plan::after(event e) const {
  auto next = static_cast<phase>(static_cast<std::uint8_t>(phase_) + 1);
  auto active = phase_ > phase::running && phase_ < phase::stopped;
  auto waits_for_turn
    = phase_ == phase::draining || phase_ == phase::interrupting;
  switch (e) {
    case event::begin: return phase_ == phase::stopped ? phase_ : next;
    case event::leave:
      return phase_ == phase::running ? phase::flushing : after(event::begin);
    case event::time_up: return active ? next : phase_;
    case event::drained: return waits_for_turn ? phase::closing : phase_;
    case event::child_gone:
      return active && phase_ < phase::flushing ? phase::flushing : phase_;
    case event::flushed:
      return phase_ == phase::flushing ? phase::stopped : phase_;
  }
  return phase_;
}

std::chrono::milliseconds drain_plan::timeout() const {
  switch (phase_) {
    case phase::draining: return timeouts_.turn;
    case phase::interrupting: return timeouts_.interrupt;
    case phase::closing: return timeouts_.close;
    case phase::terminating: return timeouts_.terminate;
    case phase::killing: return timeouts_.kill;
    case phase::flushing: return timeouts_.flush;
    case phase::running:
    case phase::stopped: break;
  }
  return {};
}

std::string to_string(drain_plan::phase phase) {
  switch (phase) {
    case drain_plan::phase::running: return "running";
    case drain_plan::phase::draining: return "draining";
    case drain_plan::phase::interrupting: return "interrupting";
    case drain_plan::phase::closing: return "closing";
    case drain_plan::phase::terminating: return "terminating";
    case drain_plan::phase::killing: return "killing";
    case drain_plan::phase::flushing: return "flushing";
    case drain_plan::phase::stopped: return "stopped";
  }
  return "unknown";
}

} // namespace container_agent
