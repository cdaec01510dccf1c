#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

namespace container_agent::test {

namespace {

class claude_session_crash : public claude_session_fixture {
public:
  /// A prompt runs in a session, and nothing of it was read so far.
  void run_one() {
    ready();
    prompt("u1");
    claude(claude::lifecycle("u1", "queued")
           + claude::lifecycle("u1", "started") + claude::init());
    to_host();
    to_claude();
  }
};

} // namespace

TEST_F(claude_session_crash, is_told_with_the_prompt_in_flight) {
  run_one();
  crash(9);
  auto exited = record();
  EXPECT_EQ(exited["subtype"], "claude_exited");
  EXPECT_EQ(exited["pid"], 1001);
  EXPECT_EQ(exited["signal"], 9);
  EXPECT_EQ(exited["uuid"], "u1");
  EXPECT_FALSE(session().child_runs());
  EXPECT_FALSE(session().status().ready);
}

TEST_F(claude_session_crash, the_session_is_resumed_and_the_prompt_sent_again) {
  run_one();
  crash();
  auto plan = session().launch_plan();
  EXPECT_EQ(plan.session_id, claude::session);
  EXPECT_FALSE(plan.anew);
  EXPECT_EQ(plan.input_from, to_child.end());
  session().on_restart_scheduled(restart_scheduled{
    "claude_process", 1, std::chrono::milliseconds{200}, "signal 9"});
  start_ready(true);
  EXPECT_EQ(to_claude(), codec::control_request_line(
                           "container_agent:initialize:2", "initialize")
                           + user_line("u1") + '\n');
  auto all = records();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["subtype"], "claude_exited");
  EXPECT_EQ(all[1]["subtype"], "restarting");
  EXPECT_EQ(all[1]["delay_ms"], 200);
  EXPECT_EQ(all[2]["subtype"], "ready");
  EXPECT_EQ(all[2]["resumed"], true);
  EXPECT_EQ(all[2]["session_id"], claude::session);
  EXPECT_EQ(all[3]["subtype"], "resent");
  EXPECT_EQ(all[3]["uuid"], "u1");
  EXPECT_EQ(all[3]["attempt"], 1);
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
}

TEST_F(claude_session_crash, nothing_is_sent_again_before_claude_is_ready) {
  run_one();
  crash();
  start(true);
  EXPECT_EQ(to_claude(), codec::control_request_line(
                           "container_agent:initialize:2", "initialize"));
}

TEST_F(claude_session_crash, what_waits_is_not_told_as_sent_again) {
  run_one();
  prompt("u2");
  crash();
  to_host();
  start_ready(true);
  EXPECT_EQ(subtypes(), "ready resent");
  EXPECT_EQ(session().status().queued, 1u);
}

TEST_F(claude_session_crash, input_for_the_dead_child_is_forgotten) {
  ready();
  prompt("u1"); // never taken by the child
  crash();
  EXPECT_EQ(session().launch_plan().input_from, to_child.end());
  to_claude();
  start_ready(true);
  to_host();
  auto sent = to_claude();
  EXPECT_EQ(sent.find("u1"), sent.rfind("u1")) << sent;
}

TEST_F(claude_session_crash, a_prompt_is_sent_four_times_and_then_fails) {
  run_one();
  for (std::uint32_t attempt = 1; attempt < claude_session::max_sends;
       ++attempt) {
    crash();
    to_host();
    start_ready(true);
    EXPECT_EQ(subtypes(), "ready resent") << attempt;
    EXPECT_NE(to_claude().find("u1"), std::string::npos);
  }
  crash();
  to_host();
  start_ready(true);
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["subtype"], "failed");
  EXPECT_EQ(all[1]["reason"], "crashed");
  EXPECT_EQ(to_claude().find("u1"), std::string::npos);
  EXPECT_EQ(session().status().in_flight, 0u);
  EXPECT_EQ(session().status().resent, 3u);
}

TEST_F(claude_session_crash, the_prompt_behind_one_that_kills_is_run) {
  run_one();
  prompt("u2");
  for (std::uint32_t i = 0; i < claude_session::max_sends; ++i) {
    crash();
    start_ready(true);
  }
  EXPECT_NE(to_claude().find(user_line("u2")), std::string::npos);
}

TEST_F(claude_session_crash,
       a_resent_prompt_that_is_only_replayed_is_continued) {
  run_one();
  crash();
  start_ready(true);
  to_host();
  claude(claude::replay("u1", "hi") + claude::lifecycle("u1", "completed"));
  EXPECT_EQ(record()["subtype"], "continued");
  EXPECT_EQ(session().status().in_flight, 1u);
}

TEST_F(claude_session_crash,
       what_ran_before_the_crash_counts_as_not_begun_after) {
  settings.queue.in_flight = 2;
  ready();
  prompt("u1");
  prompt("u2");
  claude(claude::lifecycle("u1", "started")
         + claude::lifecycle("u2", "started"));
  crash();
  start_ready(true);
  claude(claude::replay("u1", "hi") + claude::lifecycle("u1", "completed")
         + claude::replay("u2", "hi"));
  EXPECT_EQ(session().status().continued, 2u);
}

TEST_F(claude_session_crash, a_refused_session_is_told_lost_and_begun_anew) {
  run_one();
  crash();
  to_host();
  start(true);
  to_claude();
  auto refusal = claude::no_conversation(claude::session);
  claude(refusal);
  child_ended end;
  end.pid = pid();
  end.exit_code = 1;
  end_child(end);
  auto all = records();
  EXPECT_EQ(relayed, refusal);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["subtype"], "claude_exited");
  EXPECT_EQ(all[1]["subtype"], "session_lost");
  EXPECT_EQ(all[1]["session_id"], claude::session);
  EXPECT_EQ(session().launch_plan().session_id, "");
  EXPECT_TRUE(session().launch_plan().anew);
  start_ready(false);
  EXPECT_EQ(subtypes(), "ready resent");
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
}

TEST_F(claude_session_crash, the_session_that_the_user_gave_may_be_lost_too) {
  settings.given_session = "given";
  start(true);
  claude(claude::no_conversation("given"));
  crash();
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["session_id"], "given");
}

TEST_F(claude_session_crash,
       a_refused_session_is_lost_whoever_ends_that_claude) {
  settings.given_session = "given";
  start(true);
  claude(claude::no_conversation("given"));
  child_ended end;
  end.renewal = "restart requested";
  end_child(end);
  EXPECT_EQ(subtypes(), "session_lost");
  EXPECT_EQ(session().launch_plan().session_id, "");
  EXPECT_TRUE(session().launch_plan().anew);
}

TEST_F(claude_session_crash, what_is_no_id_of_a_session_is_lost_like_one) {
  settings.given_session = "blah";
  start(true);
  claude(R"({"type":"result","is_error":true,"session_id":"cfb9d649",)"
         R"("errors":["Error: --resume requires a valid session ID or )"
         "session title when used with --print.\"]}\n");
  crash();
  EXPECT_EQ(subtypes(), "claude_exited session_lost");
  EXPECT_TRUE(session().launch_plan().anew);
}

TEST_F(claude_session_crash, an_error_result_of_a_turn_loses_no_session) {
  ready();
  prompt("u1");
  claude(claude::no_conversation("x")); // not a child that resumed
  crash();
  EXPECT_FALSE(session().launch_plan().anew);
}

TEST_F(claude_session_crash, a_description_of_the_same_child_changes_nothing) {
  ready();
  prompt("u1");
  to_host();
  to_claude();
  session().on_child_started(
    child_started{1, pid(), false}); // from a new claude_process
  EXPECT_EQ(to_claude(), "");
  EXPECT_TRUE(session().status().ready);
}

TEST_F(claude_session_crash,
       a_late_description_of_a_dead_child_changes_nothing) {
  ready();
  crash();
  to_host();
  session().on_child_started(child_started{1, pid(), false});
  EXPECT_FALSE(session().child_runs());
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_crash,
       permission_requests_of_the_dead_child_are_forgotten) {
  settings.queue.prompts = 1;
  run_one();
  prompt("u2");
  claude(claude::can_use_tool("q1"));
  to_host();
  EXPECT_TRUE(session().may_read_input());
  crash();
  to_host();
  EXPECT_FALSE(session().may_read_input());
}

TEST_F(claude_session_crash, when_claude_is_given_up_every_prompt_fails) {
  run_one();
  prompt("u2");
  crash();
  to_host();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "ended by signal 9"});
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  for (const auto& r : all) {
    EXPECT_EQ(r["subtype"], "failed");
    EXPECT_EQ(r["reason"], "gave_up");
  }
  EXPECT_EQ(all[0]["uuid"], "u1");
  EXPECT_EQ(all[1]["uuid"], "u2");
}

TEST_F(claude_session_crash, a_broken_line_is_left_out_and_its_size_told) {
  ready();
  const std::string half = R"({"type":"assistant","half of a lo)";
  claude(half);
  crash();
  auto told = record();
  EXPECT_EQ(told["subtype"], "claude_exited");
  EXPECT_EQ(told["cut_bytes"], half.size());
  EXPECT_EQ(events.text().substr(told["cut_from"], half.size()), half);
  EXPECT_EQ(left_out, half + '\n');
}

TEST_F(claude_session_crash, a_line_that_lacks_nothing_but_its_end_counts) {
  run_one();
  to_host();
  auto line = claude::result({"u1"}, "yes");
  line.pop_back();
  claude(line);
  next_agent(false);
  EXPECT_TRUE(to_host().find(line + '\n') != std::string::npos);
  EXPECT_TRUE(session().kept().prompts.empty());
}

TEST_F(claude_session_crash, a_broken_line_that_had_gone_out_in_part_is_ended) {
  ready();
  claude(std::string(event_reader::max_held_line + 1, 'x'));
  to_host();
  crash();
  EXPECT_TRUE(to_host().starts_with("\n{")) << "the record begins a line";
}

TEST_F(claude_session_crash, half_a_line_of_the_dead_child_spoils_nothing) {
  ready();
  claude(R"({"type":"command_lifecycle","session_id":"s)");
  crash();
  start_ready(true);
  prompt("u1");
  to_host();
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
}

// -- the end ------------------------------------------------------------------

TEST_F(claude_session_crash, draining_fails_what_waits_and_finishes_the_turn) {
  run_one();
  prompt("u2");
  to_host();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_FALSE(session().drained());
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["subtype"], "stopping");
  EXPECT_EQ(all[0]["reason"], "SIGTERM");
  EXPECT_EQ(all[1]["subtype"], "failed");
  EXPECT_EQ(all[1]["uuid"], "u2");
  EXPECT_EQ(all[1]["reason"], "shutting_down");
  answer("u1");
  EXPECT_TRUE(session().drained());
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_crash,
       a_prompt_while_draining_is_rejected_control_is_not) {
  run_one();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  to_host();
  prompt("u3");
  EXPECT_EQ(record()["reason"], "shutting_down");
  auto permission = claude::permission("q1");
  permission.pop_back();
  host(permission);
  EXPECT_EQ(to_claude(), permission + '\n');
}

TEST_F(claude_session_crash, draining_twice_is_draining_once) {
  ready();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  session().on_begin_drain(begin_drain{"SIGINT"});
  EXPECT_EQ(subtypes(), "stopping");
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_crash, a_child_stopped_on_purpose_fails_the_turn) {
  run_one();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  to_host();
  child_ended end;
  end.pid = pid();
  end.signal = 15;
  end.asked = true;
  end_child(end);
  auto failed = record();
  EXPECT_EQ(failed["subtype"], "failed");
  EXPECT_EQ(failed["reason"], "shutting_down");
  EXPECT_TRUE(session().drained());
  EXPECT_FALSE(session().child_runs());
}

TEST_F(claude_session_crash, a_crash_while_draining_still_gets_its_child) {
  run_one();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  crash();
  EXPECT_TRUE(session().wants_child());
  start_ready(true);
  answer("u1");
  EXPECT_TRUE(session().drained());
  EXPECT_FALSE(session().wants_child());
}

TEST_F(claude_session_crash, an_interrupt_is_a_request_of_the_agents_own) {
  run_one();
  session().on_interrupt_turn(interrupt_turn{});
  auto line = json::parse(to_claude());
  EXPECT_EQ(line["request"]["subtype"], "interrupt");
  auto id = line["request_id"].get<std::string>();
  EXPECT_TRUE(id.starts_with("container_agent:interrupt:")) << id;
  claude(claude::initialized(id));
  EXPECT_EQ(to_host(), "") << "the host did not ask";
}

TEST_F(claude_session_crash, without_a_turn_nothing_is_interrupted) {
  ready();
  session().on_interrupt_turn(interrupt_turn{});
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_crash,
       without_a_child_the_turn_fails_when_its_time_is_up) {
  run_one();
  crash();
  session().on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_FALSE(session().drained()) << "a new child may still answer";
  to_host();
  session().on_interrupt_turn(interrupt_turn{});
  auto failed = record();
  EXPECT_EQ(failed["subtype"], "failed");
  EXPECT_EQ(failed["uuid"], "u1");
  EXPECT_EQ(failed["reason"], "shutting_down");
  EXPECT_TRUE(session().drained());
}

TEST_F(claude_session_crash,
       input_that_ended_is_finished_after_the_last_answer) {
  run_one();
  prompt("u2");
  end_input();
  EXPECT_FALSE(session().finished());
  answer("u1");
  to_claude();
  EXPECT_FALSE(session().finished());
  answer("u2");
  EXPECT_TRUE(session().finished());
}

TEST_F(claude_session_crash, without_prompts_the_end_of_input_is_the_end) {
  ready();
  EXPECT_FALSE(session().finished());
  end_input();
  EXPECT_TRUE(session().finished());
}

} // namespace container_agent::test
