#include "actors/turn_clock.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

constexpr turn_clock::time_point start{};

} // namespace

TEST(turn_clock, without_a_turn_there_is_no_age) {
  turn_clock clock;
  EXPECT_EQ(clock.age(start + 5s), 0ms);
  EXPECT_EQ(clock.silence(start + 5s), 0ms);
}

TEST(turn_clock, age_counts_from_the_begin_silence_from_the_last_word) {
  turn_clock clock;
  clock.note(1, false, start);
  EXPECT_EQ(clock.silence(start + 2s), 2s);
  clock.note(1, true, start + 3s);
  EXPECT_EQ(clock.age(start + 5s), 5s);
  EXPECT_EQ(clock.silence(start + 5s), 2s);
}

TEST(turn_clock, the_next_turn_begins_anew) {
  turn_clock clock;
  clock.note(1, false, start);
  clock.note(2, true, start + 4s);
  EXPECT_EQ(clock.age(start + 5s), 1s);
  clock.note(0, true, start + 6s);
  EXPECT_EQ(clock.age(start + 9s), 0ms);
}

} // namespace container_agent::test
