#include "actors/memory/claude_tasks.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

constexpr claude_tasks::setting idle{true, false};
constexpr claude_tasks::setting in_flight{false, false};
constexpr claude_tasks::setting awaited{true, true};

class claudes_tasks : public testing::Test {
public:
  claude_tasks tasks{30min};
  claude_tasks::time_point now{1h};

  bool pass(std::chrono::milliseconds time, claude_tasks::setting is = idle) {
    now += time;
    return tasks.pass(now, is);
  }
};

} // namespace

TEST_F(claudes_tasks, nothing_runs_at_first) {
  EXPECT_FALSE(tasks.busy());
  EXPECT_FALSE(tasks.wants_time(idle));
  EXPECT_FALSE(tasks.wants_time(awaited));
  EXPECT_FALSE(tasks.due());
}

TEST_F(claudes_tasks, a_task_makes_busy_until_claude_lists_it_no_more) {
  tasks.set_running({"a", "b"});
  EXPECT_TRUE(tasks.busy());
  EXPECT_TRUE(tasks.holds_back());
  tasks.set_running({"b"});
  EXPECT_TRUE(tasks.busy());
  tasks.set_running({});
  EXPECT_FALSE(tasks.busy());
}

TEST_F(claudes_tasks, the_turn_after_a_task_is_expected_then_runs) {
  tasks.set_running({"a"});
  tasks.note_end("completed");
  tasks.set_running({});
  EXPECT_TRUE(tasks.turn_expected());
  EXPECT_FALSE(tasks.in_turn());
  tasks.begin_turn();
  EXPECT_TRUE(tasks.in_turn());
  tasks.end_turn(true);
  EXPECT_FALSE(tasks.busy());
}

TEST_F(claudes_tasks, a_stopped_task_is_followed_by_no_turn) {
  tasks.note_end("stopped");
  tasks.note_end("killed");
  EXPECT_FALSE(tasks.busy());
  tasks.note_end("failed");
  EXPECT_TRUE(tasks.busy());
}

TEST_F(claudes_tasks, each_task_has_its_turn) {
  tasks.note_end("completed");
  tasks.note_end("completed");
  tasks.begin_turn();
  tasks.end_turn(true);
  EXPECT_TRUE(tasks.busy());
  tasks.begin_turn();
  tasks.end_turn(true);
  EXPECT_FALSE(tasks.busy());
}

TEST_F(claudes_tasks, a_turn_that_began_unseen_counts_at_its_end) {
  tasks.note_end("completed");
  tasks.end_turn(false); // a prompt's
  EXPECT_TRUE(tasks.busy());
  tasks.end_turn(true);
  EXPECT_FALSE(tasks.busy());
}

TEST_F(claudes_tasks, an_expected_turn_that_does_not_come_is_given_up) {
  tasks.note_end("completed");
  EXPECT_TRUE(tasks.wants_time(idle));
  pass(0ms);
  EXPECT_FALSE(tasks.wants_time(idle));
  EXPECT_EQ(tasks.due(), now + claude_tasks::follow_up_grace);
  pass(claude_tasks::follow_up_grace - 1ms);
  EXPECT_TRUE(tasks.busy());
  pass(1ms);
  EXPECT_FALSE(tasks.busy());
  EXPECT_FALSE(tasks.due());
}

TEST_F(claudes_tasks, an_expected_turn_waits_for_the_prompts_turn_before_it) {
  tasks.note_end("completed");
  EXPECT_FALSE(tasks.wants_time(in_flight));
  pass(1h, in_flight);
  EXPECT_TRUE(tasks.busy());
  tasks.end_turn(false);
  pass(0ms);
  pass(claude_tasks::follow_up_grace - 1ms);
  EXPECT_TRUE(tasks.busy()) << "counted from the end of that turn";
  pass(1ms);
  EXPECT_FALSE(tasks.busy());
}

TEST_F(claudes_tasks, a_turn_that_runs_has_no_such_limit) {
  tasks.note_end("completed");
  pass(0ms);
  tasks.begin_turn();
  EXPECT_FALSE(tasks.due());
  pass(24h);
  EXPECT_TRUE(tasks.in_turn());
}

TEST_F(claudes_tasks, a_silent_task_is_left_alone_by_who_waits_too_long) {
  tasks.set_running({"server"});
  EXPECT_FALSE(tasks.wants_time(idle)) << "nobody waits";
  EXPECT_TRUE(tasks.wants_time(awaited));
  EXPECT_FALSE(pass(0ms, awaited));
  EXPECT_EQ(tasks.due(), now + 30min);
  EXPECT_FALSE(pass(30min - 1ms, awaited));
  EXPECT_TRUE(tasks.busy());
  EXPECT_TRUE(pass(1ms, awaited));
  EXPECT_FALSE(tasks.busy());
  EXPECT_EQ(tasks.running().size(), 1u) << "it runs all the same";
  EXPECT_FALSE(pass(1h, awaited)) << "told once";
  EXPECT_FALSE(tasks.wants_time(awaited));
}

TEST_F(claudes_tasks, a_task_that_is_heard_of_is_waited_for) {
  tasks.set_running({"agent"});
  pass(0ms, awaited);
  pass(29min, awaited);
  tasks.note_activity();
  EXPECT_TRUE(tasks.wants_time(awaited));
  pass(0ms, awaited);
  EXPECT_FALSE(pass(29min, awaited));
  EXPECT_TRUE(tasks.busy());
}

TEST_F(claudes_tasks, who_does_not_wait_any_more_sets_no_limit) {
  tasks.set_running({"agent"});
  pass(0ms, awaited);
  EXPECT_TRUE(tasks.wants_time(idle));
  pass(29min, idle);
  EXPECT_FALSE(tasks.due());
}

TEST_F(claudes_tasks, the_next_task_is_waited_for_again) {
  tasks.set_running({"server"});
  pass(0ms, awaited);
  pass(30min, awaited);
  tasks.set_running({});
  tasks.set_running({"other"});
  EXPECT_TRUE(tasks.busy());
}

TEST_F(claudes_tasks, without_a_limit_they_are_waited_for_for_ever) {
  tasks = claude_tasks{0ms};
  tasks.set_running({"server"});
  EXPECT_FALSE(tasks.wants_time(awaited));
  EXPECT_FALSE(pass(1000h, awaited));
  EXPECT_TRUE(tasks.busy());
}

TEST_F(claudes_tasks, end_with_their_claude) {
  tasks.set_running({"a"});
  tasks.note_end("completed");
  tasks.begin_turn();
  tasks.clear();
  EXPECT_FALSE(tasks.busy());
  EXPECT_FALSE(tasks.due());
  tasks.set_running({"b"});
  pass(0ms, awaited);
  EXPECT_EQ(tasks.due(), now + 30min) << "the limit stays";
}

} // namespace container_agent::test
