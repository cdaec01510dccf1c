#include "test/simulation/child_house.hpp"
#include "test/simulation/filter_life.hpp"
#include "test/simulation/world.hpp"

#include <gtest/gtest.h>

#include <string>

// Negative controls, as in judge_test.cpp, of what judges `--mode raw`.
namespace container_agent::simulation {

namespace {

class raw_judges : public testing::Test {
public:
  run_context run{1, {}};
  byte_ledger to_child{run, "the host's"};
  byte_ledger to_host{run, "the child's"};

  bool objects() { return run.violation.has_value(); }

  /// Does all that can be done now.
  void settle() {
    while (run.calendar.ready() > 0)
      run.calendar.run(0);
  }
};

} // namespace

TEST_F(raw_judges, take_bytes_in_pieces_of_any_size) {
  to_child.wrote("1\n2\n");
  to_child.arrived("1");
  to_child.wrote("3\n");
  to_child.arrived("\n2\n3");
  EXPECT_FALSE(objects()) << *run.violation;
  EXPECT_EQ(to_child.open(), 1u);
}

TEST_F(raw_judges, object_to_bytes_that_are_lost) {
  to_child.wrote("1\n2\n3\n");
  to_child.arrived("1\n");
  to_child.arrived("3\n");
  EXPECT_TRUE(objects());
}

TEST_F(raw_judges, object_to_bytes_that_come_twice) {
  to_child.wrote("1\n2\n");
  to_child.arrived("1\n");
  to_child.arrived("1\n");
  EXPECT_TRUE(objects());
}

TEST_F(raw_judges, object_to_bytes_that_nobody_wrote) {
  to_child.wrote("1");
  to_child.arrived("1\n");
  EXPECT_TRUE(objects());
}

TEST_F(raw_judges, object_to_what_comes_behind_the_end_of_the_input) {
  child_ports ports{run, {}};
  filter_life child{run, to_child, to_host, {}, ports.far_ends()};
  to_child.wrote("1\n2\n");
  ports.input.give("1\n");
  EXPECT_FALSE(objects()) << *run.violation;
  ports.input.end();
  ports.input.give("2\n");
  EXPECT_TRUE(objects());
}

TEST_F(raw_judges, object_to_what_is_written_to_a_child_that_has_ended) {
  child_ports ports{run, {}};
  filter_life child{run, to_child, to_host, {}, ports.far_ends()};
  to_child.wrote("1\n2\n");
  child.signal(9);
  ports.input.give("1\n");
  EXPECT_FALSE(objects()) << "nobody knows yet";
  settle();
  ports.input.give("2\n");
  EXPECT_TRUE(objects());
}

TEST(raw_seeds, determine_their_runs_to_the_byte) {
  auto trace_of = [](std::uint64_t seed) {
    std::string events;
    run_seed(
      seed, [&](const std::string& line) { events += line + '\n'; }, nullptr,
      run_mode::raw);
    return events;
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto first = trace_of(seed);
    ASSERT_GT(first.size(), 1000u);
    ASSERT_EQ(first, trace_of(seed)) << "seed " << seed;
  }
}

} // namespace container_agent::simulation
