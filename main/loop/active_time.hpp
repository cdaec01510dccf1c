#pragma once

#include <chrono>
#include <utility>

namespace container_agent::runtime {

/// Time in which this process was able to act. It stands still while the
/// process is frozen: `docker pause`, SIGSTOP, the freezer cgroup, a virtual
/// machine that is suspended. Claude is frozen with the agent then, so a time
/// limit must not count that time: otherwise the agent would accuse Claude of
/// silence in the very moment in which both wake up.
///
/// A freeze shows when the thread wakes up long after it was due. When the
/// freeze began is not known, so time goes on from the last moment that was
/// seen before it: whatever was due meanwhile has to wait once more for what
/// was left to wait at that moment. If the next wake-up is late again, only
/// the lateness is left out, so that on a machine that is always late each
/// limit still passes, after twice its time at most.
///
/// Pure: the system's time is handed in.
class active_time {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = time_point::duration;

  /// A wake-up that is this late is a freeze. A handler takes milliseconds; for
  /// one that takes longer, such as a write to a slow disk, the agent could not
  /// act either.
  static constexpr std::chrono::seconds freeze{1};

  /// The active time at the system's time `real`. `due`: for which active time
  /// a wake-up was asked, `time_point::max()` if for none.
  time_point at(time_point real, time_point due) {
    auto now = real - frozen_;
    if (due < now && now - due >= freeze) {
      auto resumed = std::exchange(late_, true) ? due : last_;
      frozen_ += now - resumed;
      untold_ += now - resumed;
      now = resumed;
    }
    return last_ = now;
  }

  /// A wake-up has come in time.
  void woken() { late_ = false; }

  /// The system's time at which it will be `active`.
  time_point real(time_point active) const { return active + frozen_; }

  /// How much was left out since the last call.
  duration take_untold() { return std::exchange(untold_, {}); }

private:
  duration frozen_{0};
  duration untold_{0};
  time_point last_;
  bool late_ = false;
};

} // namespace container_agent::runtime
