#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"

#include <memory>
#include <utility>

namespace container_agent::runtime {

/// A notification given from the loop, once for any number of causes.
class later_call {
public:
  explicit later_call(event_loop& loop)
    : state_{std::make_shared<state>(loop)} {}

  void set(notification call) { state_->call = std::move(call); }
  explicit operator bool() const { return static_cast<bool>(state_->call); }

  void post() {
    if (std::exchange(state_->posted, true))
      return;
    state_->loop.post([state = state_] {
      state->posted = false;
      if (auto call = state->call) // a copy: it may be replaced meanwhile
        call();
    });
  }

private:
  struct state {
    event_loop& loop;
    notification call;
    bool posted = false;

    explicit state(event_loop& l) : loop{l} {}
  };

  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
