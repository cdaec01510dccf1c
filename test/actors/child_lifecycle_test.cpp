#include "actors/session/child_lifecycle.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

/// An earlier agent's, that was seen ready.
codec::kept_conversation kept_child(std::int32_t pid) {
  codec::kept_conversation result;
  result.pid = pid;
  result.ready = result.lifecycle = true;
  return result;
}

child_started attached_child(std::int32_t pid) {
  return {.generation = 1, .pid = pid, .attached = true};
}

} // namespace

TEST(child_lifecycle, goes_from_state_to_state) {
  child_lifecycle child;
  EXPECT_FALSE(child.may_run());
  child.start({.generation = 1, .pid = 7}, "1");
  EXPECT_TRUE(child.is_starting());
  EXPECT_TRUE(child.is_initializing());
  child.note_initialized();
  EXPECT_TRUE(child.is_starting());
  EXPECT_FALSE(child.is_initializing());
  EXPECT_TRUE(child.note_restored());
  EXPECT_FALSE(child.note_restored()) << "it is told once";
  EXPECT_TRUE(child.is_starting());
  child.get_ready();
  EXPECT_TRUE(child.is_ready());
  EXPECT_FALSE(child.is_starting());
  child.renew({.reason = "wanted"});
  child.end(1);
  EXPECT_FALSE(child.runs());
  EXPECT_EQ(child.renewal(), nullptr) << "it has ended already";
  EXPECT_EQ(child.ended(), 1U);
}

TEST(child_lifecycle, a_kept_one_is_as_it_was_until_it_is_taken_over) {
  child_lifecycle child;
  child.recall(kept_child(7), true);
  EXPECT_TRUE(child.may_run());
  EXPECT_FALSE(child.runs());
  codec::kept_conversation next;
  child.describe(next);
  EXPECT_EQ(next.pid, 7);
  EXPECT_TRUE(next.ready);
  child.start(attached_child(7), "again:1");
  EXPECT_TRUE(child.was_ready());
  EXPECT_TRUE(child.reports_lifecycle());
  child.get_ready();
  EXPECT_TRUE(child.take_over());
  EXPECT_FALSE(child.take_over());
}

TEST(child_lifecycle, another_one_has_nothing_of_it) {
  child_lifecycle child;
  child.recall(kept_child(7), true);
  child.start(attached_child(8), "again:1");
  EXPECT_FALSE(child.is_kept());
  EXPECT_FALSE(child.reports_lifecycle());
  codec::kept_conversation next;
  child.describe(next);
  EXPECT_EQ(next.pid, 0) << "it is not ready";
  EXPECT_FALSE(next.ready);
}

TEST(child_lifecycle, one_that_died_with_its_agent_may_not_run) {
  child_lifecycle child;
  child.recall(kept_child(7), false);
  EXPECT_FALSE(child.may_run());
  EXPECT_FALSE(child.reports_lifecycle());
}

} // namespace container_agent::test
