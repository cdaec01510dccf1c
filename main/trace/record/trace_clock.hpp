#pragma once

#include "main/trace/record/trace_event.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace container_agent::runtime {

/// What a counter's readings are in nanoseconds, by comparing it with a clock
/// now and then. Pure. A counter that jumps, as when a virtual machine moves,
/// can shift times only between two comparisons.
class tick_scale {
public:
  /// The first comparison.
  tick_scale(std::int64_t ticks, trace_time time);

  /// The next one: `ticks` was read at `time`.
  void compare(std::int64_t ticks, trace_time time);

  /// When the counter was at `ticks`, which was between the last two
  /// comparisons, and the time is too.
  trace_time time_of(std::int64_t ticks) const;

  /// Comparisons that far apart make a rate: each is off by some 0.1 µs, which
  /// is 10 ppm of that.
  static constexpr trace_time apart = 10'000'000;

private:
  struct reading {
    std::int64_t ticks;
    trace_time time;
  };

  reading first_; // of the rate that is being measured
  reading last_;
  trace_time before_; // the comparison before the last
  double rate_ = 1;   // nanoseconds a tick
  bool measured_ = false;
};

/// The tracer's clock. It is read so often that the processor's counter, where
/// the kernel itself takes it for a clock, is worth its trouble: a third of the
/// time of clock_gettime(2).
class trace_clock {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `now`: another clock, for tests; the counter is not used then.
  explicit trace_clock(std::function<time_point()> now = {});

  /// A moment, to be turned into a time soon after.
  std::int64_t read() const;

  /// Moments since the last call can be turned into times.
  void settle();
  trace_time time_of(std::int64_t moment) const;

  trace_time now() const;

private:
  std::function<time_point()> now_;
  bool counts_;
  time_point start_;
  tick_scale scale_;
};

} // namespace container_agent::runtime
