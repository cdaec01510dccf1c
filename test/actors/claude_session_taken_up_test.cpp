#include "test/actors/claude_session_fixture.hpp"

#include <string>

/// An agent is killed, and the next one goes on with the same Claude: what the
/// first one knew and the second one has to.
namespace container_agent::test {

namespace {

class taken_up_claude_session : public claude_session_fixture {
public:
  /// A turn runs, and the queue is full.
  void fill_queue() {
    settings.queue.prompts = 1;
    ready();
    prompt("u-1");
    prompt("u-2");
    claude(claude::lifecycle("u-1", "started"));
  }

  void take_over() {
    to_claude();
    to_host();
    next_agent();
    take_up();
  }
};

} // namespace

TEST_F(taken_up_claude_session,
       is_ready_at_once_if_it_was_and_sends_nothing_again) {
  fill_queue();
  take_over();
  EXPECT_EQ(subtypes(), "ready");
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(session().status().in_flight, 1U);
  EXPECT_EQ(session().status().queued, 1U);
  answer("u-1");
  EXPECT_EQ(to_claude(), user_line("u-2") + '\n') << "its text was in the log";
}

TEST_F(taken_up_claude_session, lets_the_answer_in_that_claude_waits_for) {
  fill_queue();
  take_over();
  EXPECT_FALSE(session().may_read_input());
  claude(claude::can_use_tool("q"));
  take_over();
  EXPECT_TRUE(session().may_read_input());
}

TEST_F(taken_up_claude_session,
       does_not_blame_a_claude_that_waits_for_the_host) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  take_over();
  EXPECT_EQ(session().watched().what, stall_kind::nothing);
  claude(R"({"type":"control_cancel_request","request_id":"q"})"
         "\n");
  take_over();
  EXPECT_EQ(session().watched().what, stall_kind::turn);
}

TEST_F(taken_up_claude_session, an_answer_that_was_given_is_not_waited_for) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  auto answer = claude::permission("q");
  host(answer.substr(0, answer.size() - 1));
  take_over();
  EXPECT_EQ(to_claude(), "") << "what lies in the log, Claude gets";
  EXPECT_EQ(session().status().requests_open, 0U);
}

TEST_F(taken_up_claude_session, reads_a_line_from_its_start) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  auto line = claude::result({"u-1"}, "yes");
  claude(line.substr(0, 20));
  take_over();
  claude(line.substr(20));
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(taken_up_claude_session, sends_what_this_very_claude_was_not_given) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  crash();
  start(true); // killed before it was sent again
  to_claude();
  auto begin = to_child.end();
  next_agent();
  attach(begin);
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
}

TEST_F(taken_up_claude_session, a_refusal_to_resume_is_one) {
  ready();
  prompt("u-1");
  answer("u-1");
  prompt("u-2");
  crash();
  start(true);
  to_claude();
  next_agent();
  attach(); // resumed by the agent before
  claude(claude::no_conversation(claude::session));
  crash(0);
  EXPECT_EQ(session().launch_plan().session_id, "");
  EXPECT_TRUE(session().launch_plan().anew);
  EXPECT_EQ(session().status().in_flight, 1U);
}

TEST_F(taken_up_claude_session, a_turn_of_claudes_own_answers_no_prompt) {
  ready();
  prompt("u-1");
  answer("u-1");
  prompt("u-2");
  take_over();
  claude(claude::result({}, "a task has ended"));
  EXPECT_EQ(session().status().in_flight, 1U);
}

TEST_F(taken_up_claude_session, does_not_fail_what_a_claude_may_be_at_work_on) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  to_host();
  next_agent();
  session().on_begin_drain(begin_drain{"SIGINT"});
  session().on_interrupt_turn(interrupt_turn{});
  EXPECT_EQ(subtypes(), "stopping");
  take_up();
  answer("u-1");
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(taken_up_claude_session, nor_when_claude_process_is_given_up_before) {
  for (bool waits : {true, false}) {
    const std::string uuid = waits ? "u-1" : "u-2";
    ready();
    prompt(uuid);
    claude(claude::lifecycle(uuid, "started"));
    to_host();
    next_agent();
    restarts_exhausted end{"claude_process", "x"};
    end.waits = waits;
    session().on_restarts_exhausted(end);
    EXPECT_EQ(subtypes(), "");
    EXPECT_EQ(session().status().in_flight, 1U);
    take_up();
    answer(uuid);
    crash();
  }
}

TEST_F(taken_up_claude_session, drops_the_result_of_what_was_failed) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  session().close(); // the agent ends, and is killed before Claude has
  auto before = claude::assistant("a");
  auto behind = claude::assistant("b");
  take_over();
  to_host();
  claude(before + claude::result({"u-1"}, "yes") + behind);
  EXPECT_EQ(to_host(), before + behind);
  EXPECT_EQ(log.field("late_result_dropped", "uuid"), "u-1");
}

TEST_F(taken_up_claude_session,
       a_claude_that_died_with_its_agent_is_told_as_ended) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started") + "{\"type\":\"half");
  to_host();
  auto pid_before = pid();
  next_agent(false);
  auto told = record();
  EXPECT_EQ(told["subtype"], "claude_exited");
  EXPECT_EQ(told["pid"], pid_before);
  EXPECT_TRUE(told["exit_code"].is_null());
  EXPECT_EQ(told["cut_bytes"], 13);
  EXPECT_EQ(left_out, "{\"type\":\"half\n");
  start_ready(true);
  EXPECT_EQ(subtypes(), "ready resent");
  EXPECT_NE(to_claude().find(user_line("u-1")), std::string::npos);
}

TEST_F(taken_up_claude_session, uuids_that_were_answered_are_known) {
  ready();
  prompt("u-1");
  answer("u-1");
  take_over();
  to_host();
  prompt("u-1");
  auto told = record();
  EXPECT_EQ(told["duplicate"], true);
  EXPECT_EQ(to_claude(), "");
}

// The earlier agent was killed between reading it and telling what comes of it.
TEST_F(taken_up_claude_session,
       acts_on_an_end_without_result_that_was_only_read) {
  for (bool alive : {true, false}) {
    const std::string uuid = alive ? "u-1" : "u-2";
    ready();
    prompt(uuid);
    claude(claude::lifecycle(uuid, "started"));
    to_host();
    events.put(claude::lifecycle(uuid, "cancelled"));
    next_agent(alive);
    auto told = records();
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back()["subtype"], "failed") << alive;
    EXPECT_EQ(told.back()["reason"], "no_result");
    EXPECT_EQ(session().status().in_flight, 0U);
  }
}

TEST_F(taken_up_claude_session, continues_what_an_earlier_claude_had_begun) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  crash();
  start_ready(true);
  to_claude();
  to_host();
  events.put(claude::replay("u-1", "hi")
             + claude::lifecycle("u-1", "completed"));
  next_agent();
  take_up();
  EXPECT_EQ(subtypes(), "continued ready");
  EXPECT_NE(to_claude().find(settings.continue_prompt), std::string::npos);
}

// Its start was told to an actor that has died.
TEST_F(taken_up_claude_session, results_of_a_claude_that_was_never_met_count) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  events.put(claude::result({"u-1"}, "yes"));
  child_ended end;
  end.generation = 1;
  end.pid = pid();
  end.signal = 9;
  end.end = events.end();
  session().on_child_ended(end);
  EXPECT_EQ(session().status().answered, 1U);
  EXPECT_EQ(session().status().in_flight, 0U);
}

} // namespace container_agent::test
