#include "actors/supervision/restart_policy.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t all_chance = ~0ULL;

restart_policy::clock::time_point at(std::chrono::milliseconds time) {
  return restart_policy::clock::time_point{} + time;
}

} // namespace

TEST(restart_policy, delays_double_up_to_the_longest) {
  restart_policy policy{{.max_restarts = 8, .max_delay = 2000ms}};
  for (int expected : {200, 400, 800, 1600, 2000, 2000})
    EXPECT_EQ(policy.next(at(0ms), 0)->delay.count(), expected);
}

TEST(restart_policy, counts_the_attempts) {
  restart_policy policy{{}};
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt)
    EXPECT_EQ(policy.next(at(0ms), 0)->attempt, attempt);
}

TEST(restart_policy, chance_takes_off_as_much_as_jitter_allows) {
  restart_policy none{{}};
  restart_policy all{{}};
  EXPECT_EQ(none.next(at(0ms), 0)->delay, 200ms);
  EXPECT_EQ(all.next(at(0ms), all_chance)->delay, 160ms);
  restart_policy steady{{.jitter = 0}};
  EXPECT_EQ(steady.next(at(0ms), all_chance)->delay, 200ms);
}

TEST(restart_policy, gives_up_after_as_many_as_it_may) {
  restart_policy policy{{.max_restarts = 3}};
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(policy.next(at(0ms), 0)) << i;
  EXPECT_FALSE(policy.next(at(0ms), 0));
}

TEST(restart_policy, with_no_restarts_gives_up_at_once) {
  restart_policy policy{{.max_restarts = 0}};
  EXPECT_FALSE(policy.next(at(0ms), 0));
}

TEST(restart_policy, failures_leave_the_window_when_it_has_passed) {
  restart_policy policy{{.max_restarts = 1, .window = 1000ms}};
  EXPECT_TRUE(policy.next(at(0ms), 0));
  EXPECT_FALSE(policy.next(at(999ms), 0));
  auto again = policy.next(at(1000ms), 0);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 1u) << "and the delay begins anew";
  EXPECT_EQ(again->delay, 200ms);
}

TEST(restart_policy, tells_the_restarts_within_the_window) {
  restart_policy policy{{.window = 1000ms}};
  EXPECT_EQ(policy.recent(at(0ms)), 0u);
  policy.next(at(0ms), 0);
  policy.next(at(500ms), 0);
  EXPECT_EQ(policy.recent(at(999ms)), 2u);
  EXPECT_EQ(policy.recent(at(1000ms)), 1u);
  EXPECT_EQ(policy.recent(at(1500ms)), 0u);
}

TEST(restart_policy, a_great_many_attempts_do_not_overflow_the_delay) {
  restart_policy policy{{.max_restarts = 100}};
  for (int i = 0; i < 99; ++i)
    policy.next(at(0ms), 0);
  EXPECT_EQ(policy.next(at(0ms), 0)->delay, 10'000ms);
}

TEST(restart_policy, configuration_is_checked) {
  EXPECT_EQ(restart_policy_config{}.validate(), "");
  EXPECT_NE((restart_policy_config{.window = 0ms}.validate()), "");
  EXPECT_NE((restart_policy_config{.first_delay = -1ms}.validate()), "");
  EXPECT_NE((restart_policy_config{.max_delay = 199ms}.validate()), "");
  EXPECT_EQ((restart_policy_config{.max_delay = 200ms}.validate()), "");
  EXPECT_NE((restart_policy_config{.jitter = 1.1}.validate()), "");
  EXPECT_NE((restart_policy_config{.jitter = -0.1}.validate()), "");
}

} // namespace container_agent::test
