#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// What Claude does beside the host's prompts: tasks in the background, and
/// turns of its own.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using kind = stall_kind;
using testing::HasSubstr;

class claude_session_tasks : public claude_session_fixture {
public:
  claude_session_tasks() { settings.task_patience = 30min; }

  session::time_point now{1h};

  void pass(std::chrono::milliseconds time) {
    now += time;
    session().pass(now);
  }

  /// A prompt is answered and has left a task.
  void leave_task(const std::string& uuid = "u1") {
    ready();
    prompt(uuid);
    claude(claude::lifecycle(uuid, "started") + claude::init()
           + claude::tasks({"t1"}) + claude::result({uuid}, "started")
           + claude::lifecycle(uuid, "completed"));
    to_host();
    to_claude();
  }

  void end_task() { claude(claude::task_ended("t1") + claude::tasks({})); }
};

} // namespace

TEST_F(claude_session_tasks, show_in_the_status) {
  leave_task();
  EXPECT_EQ(session().status().tasks, 1u);
  EXPECT_FALSE(session().status().own_turn);
  end_task();
  EXPECT_EQ(session().status().tasks, 0u);
  EXPECT_TRUE(session().status().own_turn);
  claude(claude::init());
  EXPECT_TRUE(session().status().own_turn);
  claude(claude::own_result("done"));
  EXPECT_FALSE(session().status().own_turn);
  EXPECT_EQ(session().status().answered, 1u);
}

TEST_F(claude_session_tasks,
       draining_waits_for_them_and_for_the_turn_that_follows) {
  leave_task();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_FALSE(session().drained());
  end_task();
  EXPECT_FALSE(session().drained());
  claude(claude::init());
  EXPECT_FALSE(session().drained());
  claude(claude::own_result("done"));
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_tasks,
       draining_does_not_wait_for_a_turn_that_does_not_come) {
  leave_task();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  end_task();
  EXPECT_TRUE(session().wants_time());
  pass(0ms);
  pass(claude_tasks::follow_up_grace);
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_tasks, when_the_time_is_up_they_are_stopped) {
  leave_task();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  session().on_interrupt_turn(interrupt_turn{});
  auto order = json::parse(to_claude());
  EXPECT_EQ(order["request"]["subtype"], "stop_task");
  EXPECT_EQ(order["request"]["task_id"], "t1");
  EXPECT_THAT(order["request_id"].get<std::string>(),
              HasSubstr(codec::own_request_prefix));
  claude(claude::task_ended("t1", "stopped") + claude::tasks({}));
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_tasks,
       when_the_time_is_up_claudes_own_turn_is_interrupted) {
  leave_task();
  end_task();
  claude(claude::init());
  session().on_begin_drain(begin_drain{"SIGTERM"});
  session().on_interrupt_turn(interrupt_turn{});
  EXPECT_THAT(to_claude(), HasSubstr(R"("subtype":"interrupt")"));
  claude(claude::interrupted({}));
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_tasks, the_end_of_the_input_waits_for_them) {
  leave_task();
  end_input();
  EXPECT_FALSE(session().finished());
  end_task();
  EXPECT_FALSE(session().finished());
  claude(claude::init() + claude::own_result("done"));
  EXPECT_TRUE(session().finished());
}

TEST_F(claude_session_tasks, the_end_of_the_input_waits_for_no_task_for_ever) {
  leave_task();
  end_input();
  EXPECT_TRUE(session().wants_time());
  pass(0ms);
  EXPECT_EQ(session().due(), now + 30min);
  pass(30min - 1ms);
  EXPECT_FALSE(session().finished());
  pass(1ms);
  EXPECT_TRUE(session().finished());
  EXPECT_EQ(log.count("tasks_not_awaited"), 1u);
}

TEST_F(claude_session_tasks,
       a_restart_waits_for_them_and_prompts_go_on_meanwhile) {
  leave_task();
  session().on_restart_claude(restart_claude{"memory", false});
  EXPECT_EQ(session().renewal(), nullptr);
  prompt("u2");
  EXPECT_EQ(to_claude(), user_line("u2") + '\n');
  answer("u2");
  EXPECT_EQ(session().renewal(), nullptr);
  end_task();
  EXPECT_EQ(session().renewal(), nullptr);
  claude(claude::init());
  EXPECT_EQ(session().renewal(), nullptr);
  prompt("u3");
  EXPECT_EQ(to_claude(), "") << "the restart is at hand";
  claude(claude::own_result("done"));
  ASSERT_NE(session().renewal(), nullptr);
  EXPECT_EQ(session().renewal()->reason, "memory");
}

TEST_F(claude_session_tasks, a_restart_at_once_waits_for_nothing) {
  leave_task();
  session().on_restart_claude(restart_claude{"now", true});
  EXPECT_NE(session().renewal(), nullptr);
}

TEST_F(claude_session_tasks, a_restart_waits_for_no_silent_task_for_ever) {
  leave_task();
  session().on_restart_claude(restart_claude{"memory", false});
  pass(0ms);
  pass(30min);
  EXPECT_NE(session().renewal(), nullptr);
}

TEST_F(claude_session_tasks, nobody_is_accused_of_a_silent_task) {
  leave_task();
  EXPECT_EQ(session().watched().what, kind::nothing);
}

TEST_F(claude_session_tasks, a_silent_turn_of_claudes_own_is_a_stall) {
  leave_task();
  end_task();
  claude(claude::init());
  EXPECT_EQ(session().watched().what, kind::turn);
  session().on_stall();
  EXPECT_THAT(to_claude(), HasSubstr("interrupt"));
  EXPECT_EQ(session().watched().what, kind::interrupt);
  claude(claude::interrupted({}));
  EXPECT_EQ(session().watched().what, kind::nothing);
}

TEST_F(claude_session_tasks,
       a_turn_of_claudes_own_that_does_not_end_costs_its_claude) {
  leave_task();
  end_task();
  claude(claude::init());
  session().on_stall();
  session().on_stall();
  ASSERT_NE(session().renewal(), nullptr);
  EXPECT_TRUE(session().renewal()->at_once);
}

TEST_F(claude_session_tasks, end_with_their_claude) {
  leave_task();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  crash();
  EXPECT_TRUE(session().drained());
  EXPECT_EQ(session().status().tasks, 0u);
}

TEST_F(claude_session_tasks, the_next_agent_knows_of_them) {
  leave_task();
  next_agent();
  take_up();
  EXPECT_EQ(session().status().tasks, 1u);
  end_task();
  EXPECT_EQ(session().status().tasks, 0u);
}

TEST_F(claude_session_tasks, of_a_claude_that_has_died_unseen_are_forgotten) {
  leave_task();
  next_agent(false);
  start();
  EXPECT_EQ(session().status().tasks, 0u);
}

TEST_F(claude_session_tasks, a_prompt_in_the_middle_of_claudes_own_turn) {
  leave_task();
  end_task();
  claude(claude::init());
  prompt("u2");
  EXPECT_EQ(to_claude(), user_line("u2") + '\n') << "Claude queues it";
  claude(claude::own_result("done"));
  EXPECT_EQ(session().status().in_flight, 1u);
  answer("u2");
  EXPECT_EQ(session().status().answered, 2u);
  EXPECT_FALSE(session().status().own_turn);
}

// -- in text ------------------------------------------------------------------

TEST_F(claude_session_tasks, the_later_answer_appears_in_text) {
  settings.encoder = encoder_kind::text;
  leave_task();
  end_task();
  claude(claude::init() + claude::own_result("it is done"));
  EXPECT_EQ(to_host(), "it is done\n");
}

TEST_F(claude_session_tasks, the_later_answer_goes_before_the_next_reply) {
  settings.encoder = encoder_kind::replies;
  leave_task();
  end_task();
  claude(claude::init() + claude::own_result("it is done"));
  EXPECT_EQ(to_host(), "") << "a reader would take it for another answer";
  prompt("u2");
  answer("u2", "yes");
  EXPECT_EQ(to_host(),
            "[Claude has added this by itself, after an earlier answer:]\n"
            "it is done\n"
            "[The answer to this prompt:]\n"
            "yes\n\xFF");
  prompt("u3");
  answer("u3", "no");
  EXPECT_EQ(to_host(), "no\n\xFF");
}

TEST_F(claude_session_tasks, the_later_answer_is_not_kept_back_at_the_end) {
  settings.encoder = encoder_kind::replies;
  leave_task();
  end_task();
  claude(claude::init() + claude::own_result("it is done"));
  session().on_begin_drain(begin_drain{"SIGTERM"});
  session().close();
  EXPECT_THAT(to_host(), HasSubstr("it is done\n"));
}

TEST_F(claude_session_tasks,
       later_answers_that_nobody_fetches_take_no_more_room) {
  settings.encoder = encoder_kind::replies;
  ready();
  for (int i = 0; i < 3; ++i)
    claude(claude::own_result(std::string(700'000, 'a' + i)));
  session().close();
  EXPECT_EQ(log.count("addition_dropped"), 2u);
  auto said = to_host();
  EXPECT_LT(said.size(), 800'000u);
  EXPECT_THAT(said, HasSubstr("ccc"));
}

// Claude speaks of the task before it has said anything of the prompt.
TEST_F(claude_session_tasks, one_that_died_with_claude_ends_no_prompt) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started") + claude::init()
         + claude::tasks({"t1"}));
  crash();
  start_ready(true);
  claude(claude::task_ended("t1", "stopped") + claude::init()
         + claude::own_result("noted"));
  EXPECT_EQ(session().status().in_flight, 1u);
  EXPECT_EQ(session().status().answered, 0u);
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
}

} // namespace container_agent::test
