#include "main/loop/active_time.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using runtime::active_time;

constexpr active_time::time_point start{1000s};
constexpr auto never = active_time::time_point::max();

} // namespace

TEST(active_times, pass_with_the_systems_time) {
  active_time time;
  EXPECT_EQ(time.at(start, never), start);
  EXPECT_EQ(time.at(start + 30min, start + 30min), start + 30min);
  EXPECT_EQ(time.real(start + 1h), start + 1h);
  EXPECT_EQ(time.take_untold(), 0s);
}

TEST(active_times, go_on_while_nobody_asked_to_be_woken) {
  active_time time;
  time.at(start, never);
  EXPECT_EQ(time.at(start + 24h, never), start + 24h);
}

TEST(active_times, count_a_wake_up_that_is_a_little_late) {
  active_time time;
  time.at(start, never);
  auto late = start + 10s + active_time::freeze - 1ms;
  EXPECT_EQ(time.at(late, start + 10s), late);
}

TEST(active_times, go_on_after_a_freeze_from_where_they_were_seen_last) {
  active_time time;
  time.at(start, never);
  time.at(start + 4s, start + 10s);
  EXPECT_EQ(time.at(start + 1h, start + 10s), start + 4s);
  EXPECT_EQ(time.real(start + 10s), start + 1h + 6s)
    << "the rest of the limit is waited for";
  EXPECT_EQ(time.at(start + 1h + 1s, start + 10s), start + 5s);
  EXPECT_EQ(time.take_untold(), 1h - 4s);
  EXPECT_EQ(time.take_untold(), 0s);
}

TEST(active_times, let_a_limit_pass_that_was_late_twice) {
  active_time time;
  time.at(start, never);
  time.at(start + 1h, start + 10s);
  EXPECT_EQ(time.at(start + 2h, start + 10s), start + 10s);
  time.at(start + 2h + 1s, start + 20s);
  EXPECT_EQ(time.take_untold(), 2h - 10s);
}

TEST(active_times, forgive_each_freeze_with_a_punctual_wake_up_in_between) {
  active_time time;
  time.at(start, never);
  EXPECT_EQ(time.at(start + 1h, start + 10s), start);
  EXPECT_EQ(time.at(start + 1h + 10s, start + 10s), start + 10s);
  time.woken();
  EXPECT_EQ(time.at(start + 3h, start + 20s), start + 10s);
}

} // namespace container_agent::test
