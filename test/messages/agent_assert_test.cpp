#include "messages/agent_assert.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace container_agent::test {

namespace {

void expect_more(int than) {
  AGENT_ASSERT(1 + 1 > than);
}

} // namespace

TEST(assertions, that_hold_cost_nothing_but_their_condition) {
  int evaluated = 0;
  AGENT_ASSERT(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
  expect_more(1);
}

TEST(assertions, that_fail_say_what_and_where_and_end_the_process) {
  EXPECT_EXIT(expect_more(2), testing::KilledBySignal(SIGABRT),
              "container-agent: assertion failed: 1 \\+ 1 > than "
              "\\(agent_assert_test\\.cpp:14\\)");
}

TEST(assertions, that_fail_are_told_to_the_reporter) {
  auto fail = [] {
    report_failed_assertions([](const failed_assertion& what) {
      std::fprintf(stderr, "%s in %s, line %u\n", what.condition, what.file,
                   unsigned{what.line});
    });
    expect_more(2);
  };
  EXPECT_EXIT(fail(), testing::KilledBySignal(SIGABRT),
              "^1 \\+ 1 > than in agent_assert_test\\.cpp, line 14\n$");
}

TEST(assertions, of_the_reporter_itself_end_it) {
  auto fail = [] {
    report_failed_assertions([](const failed_assertion&) { expect_more(3); });
    expect_more(2);
  };
  EXPECT_EXIT(fail(), testing::KilledBySignal(SIGABRT),
              "^container-agent: assertion failed: 1 \\+ 1 > than");
}

TEST(assertions, may_be_taken_back_by_a_reporter_that_throws) {
  report_failed_assertions([](const failed_assertion& what) {
    throw std::runtime_error{what.condition};
  });
  EXPECT_THROW(expect_more(2), std::runtime_error);
  EXPECT_THROW(expect_more(3), std::runtime_error);
  report_failed_assertions(nullptr);
}

} // namespace container_agent::test
