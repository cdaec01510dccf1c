#include "actors/session/turn_timer.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

constexpr turn_timer::time_point first{};

} // namespace

TEST(turn_timer, without_a_turn_there_is_no_age) {
  turn_timer clock;
  EXPECT_EQ(clock.age(first + 5s), 0ms);
  EXPECT_EQ(clock.silence(first + 5s), 0ms);
}

TEST(turn_timer, age_counts_from_the_begin_silence_from_the_last_word) {
  turn_timer clock;
  clock.note(1, false, first);
  EXPECT_EQ(clock.silence(first + 2s), 2s);
  clock.note(1, true, first + 3s);
  EXPECT_EQ(clock.age(first + 5s), 5s);
  EXPECT_EQ(clock.silence(first + 5s), 2s);
}

TEST(turn_timer, the_next_turn_begins_anew) {
  turn_timer clock;
  clock.note(1, false, first);
  clock.note(2, true, first + 4s);
  EXPECT_EQ(clock.age(first + 5s), 1s);
  clock.note(0, true, first + 6s);
  EXPECT_EQ(clock.age(first + 9s), 0ms);
}

TEST(turn_timer, turns_that_are_over_are_counted) {
  turn_timer clock;
  clock.note(1, false, first);
  EXPECT_EQ(clock.durations().counts, histogram{}.counts);
  clock.note(1, true, first + 200ms);
  clock.note(1, true, first + 300ms);
  clock.note(2, true, first + 3s);  // the last word of the first one
  clock.note(0, true, first + 10s); // its only one
  EXPECT_DOUBLE_EQ(clock.durations().sum, 10);
  EXPECT_EQ(clock.durations().counts[6], 1u) << "3 s are within 5";
  EXPECT_EQ(clock.durations().counts[7], 1u) << "7 s are within 10";
  EXPECT_DOUBLE_EQ(clock.first_outputs().sum, 7.2);
  EXPECT_EQ(clock.first_outputs().counts[2], 1u) << "0.2 s are within 0.25";
}

TEST(stopwatch, adds_up_while_it_runs) {
  stopwatch watch;
  EXPECT_EQ(watch.total(first + 1s), 0ms);
  watch.note(true, first + 1s);
  EXPECT_EQ(watch.total(first + 3s), 2s);
  watch.note(false, first + 4s);
  EXPECT_EQ(watch.total(first + 9s), 3s);
  watch.note(true, first + 10s);
  EXPECT_EQ(watch.total(first + 11s), 4s);
}

TEST(histograms, a_bound_is_within_its_range_and_there_is_no_end) {
  histogram times;
  times.add(50ms);
  times.add(51ms);
  times.add(2h);
  EXPECT_EQ(times.counts.front(), 1u);
  EXPECT_EQ(times.counts[1], 1u);
  EXPECT_EQ(times.counts.back(), 1u);
}

} // namespace container_agent::test
