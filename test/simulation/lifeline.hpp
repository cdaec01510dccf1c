#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace container_agent::simulation {

/// Whether an agent is alive. It can die before or after any of its calls that
/// others see the effect of: its ports make each of these by `call`, and after
/// its death none has an effect any more. What it does beside them in its last
/// step nobody ever sees.
class lifeline {
public:
  /// Called in the moment of its death, to see what it leaves.
  std::function<void()> on_death;

  bool alive() const { return alive_; }

  void die() {
    if (!std::exchange(alive_, false))
      return;
    if (on_death)
      on_death();
  }

  /// It dies at the `count`th call from now, 1 is the next: before or after it.
  void die_at(std::uint64_t count, bool after) {
    left_ = count;
    after_ = after;
  }

  /// Makes a call, if it lives; else returns `dead`.
  template <class Call, class Result>
  Result call(Call&& make, Result dead) {
    auto last = left_ > 0 && --left_ == 0;
    if (last && !after_)
      die();
    if (!alive_)
      return dead;
    Result result = make();
    if (last)
      die();
    return result;
  }

private:
  bool alive_ = true;
  bool after_ = false;
  std::uint64_t left_ = 0;
};

} // namespace container_agent::simulation
