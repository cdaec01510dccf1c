#include "test/simulation/world.hpp"

#include "messages/agent_assert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace container_agent::simulation {

namespace {

std::string trace_of(std::uint64_t seed, run_mode mode = run_mode::claude) {
  std::string events;
  run_seed(
    seed, [&](const std::string& line) { events += line + '\n'; }, nullptr,
    mode);
  return events;
}

} // namespace

TEST(seeds, determine_their_runs_to_the_byte) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto first = trace_of(seed);
    ASSERT_GT(first.size(), 1000u);
    ASSERT_EQ(first, trace_of(seed)) << "seed " << seed;
  }
}

TEST(seeds, determine_runs_in_which_agents_die) {
  int deadly = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto first = trace_of(seed, run_mode::keep);
    deadly += first.find("the agent dies") != std::string::npos ? 1 : 0;
    ASSERT_EQ(first, trace_of(seed, run_mode::keep)) << "seed " << seed;
  }
  EXPECT_GE(deadly, 5);
}

// Within a handler of an actor's, which the agent survives, and outside.
TEST(seeds, whose_runs_fail_an_assertion_violate) {
  for (std::string_view at :
       {"log: conversation prompt_accepted", "host: writes"}) {
    auto fail = [at](const std::string& line) {
      AGENT_ASSERT(line.find(at) == std::string::npos);
    };
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      auto result = run_seed(seed, fail);
      ASSERT_TRUE(result.violation) << "seed " << seed;
      EXPECT_THAT(*result.violation,
                  testing::ContainsRegex(
                    "^assertion failed: line.find\\(at\\) == "
                    "std::string::npos \\(seeds_test\\.cpp:[0-9]+\\)$"));
    }
  }
  EXPECT_FALSE(run_seed(1).violation);
}

TEST(seeds, make_different_runs) {
  EXPECT_NE(trace_of(1), trace_of(2));
  EXPECT_NE(trace_of(1), trace_of(1, run_mode::once));
}

TEST(seeds, run_the_same_with_and_without_a_trace) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto silent = run_seed(seed);
    auto traced = run_seed(seed, [](const std::string&) {});
    EXPECT_EQ(silent.steps, traced.steps);
    EXPECT_EQ(silent.time, traced.time);
  }
}

} // namespace container_agent::simulation
