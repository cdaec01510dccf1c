#include "main/trace/record/trace_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using runtime::tick_scale;
using runtime::trace_clock;
using runtime::trace_time;

constexpr trace_time ms = 1'000'000;

} // namespace

TEST(tick_scale, knows_the_rate_after_two_comparisons) {
  tick_scale scale{1000, 0};
  scale.compare(1000 + 3000, 1000); // three ticks a nanosecond
  EXPECT_EQ(scale.time_of(1000), 0);
  EXPECT_EQ(scale.time_of(2500), 500);
  EXPECT_EQ(scale.time_of(4000), 1000);
}

TEST(tick_scale, keeps_a_rate_that_was_measured_long_enough) {
  tick_scale scale{0, 0};
  scale.compare(20 * ms, 10 * ms);
  // A comparison shortly after would make it 4.
  scale.compare(20 * ms + 400, 10 * ms + 100);
  EXPECT_EQ(scale.time_of(20 * ms + 300), 10 * ms + 50);
}

TEST(tick_scale, follows_a_rate_that_changes) {
  tick_scale scale{0, 0};
  scale.compare(20 * ms, 10 * ms);
  scale.compare(20 * ms + 50 * ms, 20 * ms);
  scale.compare(70 * ms + 500, 20 * ms + 100);
  EXPECT_EQ(scale.time_of(70 * ms + 250), 20 * ms + 50);
}

TEST(tick_scale, never_leaves_the_time_between_the_comparisons) {
  tick_scale scale{0, 0};
  scale.compare(20 * ms, 10 * ms);
  scale.compare(25 * ms, 11 * ms);
  EXPECT_EQ(scale.time_of(0), 10 * ms);
  EXPECT_EQ(scale.time_of(100 * ms), 11 * ms);
  EXPECT_EQ(scale.time_of(std::numeric_limits<std::int64_t>::max() / 2),
            11 * ms);
}

TEST(tick_scale, bears_a_counter_that_begins_anew) {
  tick_scale scale{900 * ms, 0};
  scale.compare(920 * ms, 10 * ms);
  scale.compare(5 * ms, 30 * ms);
  auto between = scale.time_of(4 * ms);
  EXPECT_GE(between, 10 * ms);
  EXPECT_LE(between, 30 * ms);
  scale.compare(45 * ms, 50 * ms); // two ticks a nanosecond, still
  EXPECT_EQ(scale.time_of(25 * ms), 40 * ms);
}

TEST(trace_clock, has_the_times_of_the_clock_beside_it) {
  trace_clock clock;
  for (int i = 0; i < 1000; ++i) {
    auto before = clock.now();
    auto first = clock.read();
    auto second = clock.read();
    auto after = clock.now();
    clock.settle();
    // Two clocks are never read at the same moment.
    constexpr trace_time slack = 1 * ms;
    EXPECT_GE(clock.time_of(first), before - slack);
    EXPECT_LE(clock.time_of(first), clock.time_of(second));
    EXPECT_LE(clock.time_of(second), after + slack);
  }
}

TEST(trace_clock, of_a_test_is_taken_as_it_is) {
  auto time = trace_clock::time_point{5s};
  trace_clock clock{[&time] { return time; }};
  time += 3ms;
  auto moment = clock.read();
  time += 4ms;
  clock.settle();
  EXPECT_EQ(clock.time_of(moment), 3 * ms);
  EXPECT_EQ(clock.now(), 7 * ms);
}

} // namespace container_agent::test
