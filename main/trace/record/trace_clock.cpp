#include "main/trace/record/trace_clock.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#if defined(__x86_64__)
#  include <x86intrin.h>
#endif

namespace container_agent::runtime {

namespace {

#if defined(__x86_64__)
std::int64_t counter() {
  return static_cast<std::int64_t>(__rdtsc());
}

// Then it counts evenly, on all processors alike, also while they sleep.
bool has_counter() {
  std::ifstream file{
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"};
  std::string name;
  return file >> name && name == "tsc";
}
#else
std::int64_t counter() {
  return 0;
}

bool has_counter() {
  return false;
}
#endif

} // namespace

tick_scale::tick_scale(std::int64_t ticks, trace_time time)
  : first_{ticks, time}, last_{first_}, before_{time} {}

void tick_scale::compare(std::int64_t ticks, trace_time time) {
  before_ = last_.time;
  last_ = {ticks, time};
  auto counted = ticks - first_.ticks;
  auto passed = time - first_.time;
  if (counted <= 0) {
    first_ = last_;
    return;
  }
  // The first rate is needed at once: it is as good as what it is used for.
  if (measured_ && passed < apart)
    return;
  rate_ = static_cast<double>(passed) / static_cast<double>(counted);
  if (passed < apart)
    return;
  measured_ = true;
  first_ = last_;
}

trace_time tick_scale::time_of(std::int64_t ticks) const {
  auto ago = static_cast<double>(last_.ticks - ticks) * rate_;
  auto most = static_cast<double>(last_.time - before_);
  return last_.time - static_cast<trace_time>(std::clamp(ago, 0.0, most));
}

trace_clock::trace_clock(std::function<time_point()> now)
  : now_{std::move(now)},
    counts_{!now_ && has_counter()},
    start_{now_ ? now_() : std::chrono::steady_clock::now()},
    scale_{counter(), 0} {}

std::int64_t trace_clock::read() const {
  return counts_ ? counter() : now();
}

void trace_clock::settle() {
  if (counts_)
    scale_.compare(counter(), now());
}

trace_time trace_clock::time_of(std::int64_t moment) const {
  return counts_ ? scale_.time_of(moment) : moment;
}

trace_time trace_clock::now() const {
  auto time = now_ ? now_() : std::chrono::steady_clock::now();
  return std::chrono::nanoseconds{time - start_}.count();
}

} // namespace container_agent::runtime
