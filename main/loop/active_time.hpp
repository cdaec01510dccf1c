#pragma once

#include <chrono>
#include <utility>

namespace container_agent::runtime {

/// Time in which this process was able to act. It stands still while the
/// process is frozen: `docker pause`, SIGSTOP, the freezer cgroup, a suspended
/// virtual machine. Claude is frozen together with the agent, so a time limit
/// must not count that time; otherwise the agent would blame Claude for silence
/// at the moment at which both wake up.
///
/// A freeze is detected when the thread wakes up long after it was due. The
/// beginning of the freeze is not known, so time continues from the last moment
/// seen before it: a timer then waits again for what was left at that moment.
/// If the next wake-up is late as well, only the lateness is left out. On a
/// machine that is always late, each limit therefore still passes, after at
/// most twice its time.
///
/// Pure: the system's time is handed in.
class active_time {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = time_point::duration;

  /// A wake-up that is this late counts as a freeze. A handler takes
  /// milliseconds; during a longer one, such as a write to a slow disk, the
  /// agent could not act either.
  static constexpr std::chrono::seconds freeze{1};

  /// The active time at the system's time `real`. `due`: the active time for
  /// which a wake-up is set, `time_point::max()` if none is.
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

  /// A wake-up has come on time.
  void woken() { late_ = false; }

  /// The system's time at the active time `active`.
  time_point real(time_point active) const { return active + frozen_; }

  /// The time left out since the last call.
  duration take_untold() { return std::exchange(untold_, {}); }

private:
  duration frozen_{0};
  duration untold_{0};
  time_point last_;
  bool late_ = false;
};

} // namespace container_agent::runtime
