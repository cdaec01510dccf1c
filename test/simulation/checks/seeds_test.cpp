#include "test/simulation/world.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::simulation {

namespace {

std::string trace_of(std::uint64_t seed) {
  std::string events;
  run_seed(seed, [&](const std::string& line) { events += line + '\n'; });
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

TEST(seeds, make_different_runs) {
  EXPECT_NE(trace_of(1), trace_of(2));
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
