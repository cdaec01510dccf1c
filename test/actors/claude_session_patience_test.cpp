#include "test/actors/claude_session_fixture.hpp"

/// Claude's silences, restarts that somebody wants, and a Claude that is not
/// started any more.
namespace container_agent::test {

namespace {

using kind = stall_kind;

class claude_session_patience : public claude_session_fixture {
public:
  kind waits() { return session().watched().what; }

  std::uint64_t signs() { return session().watched().activity; }

  /// A child is ready and has begun a turn.
  void in_turn(const std::string& uuid = "u1") {
    ready();
    prompt(uuid);
    claude(claude::lifecycle(uuid, "started"));
    to_claude();
    to_host();
  }

  void end_renewed() {
    child_ended end;
    end.pid = pid();
    end.renewal = "stalled";
    end_child(end);
  }
};

} // namespace

TEST_F(claude_session_patience, is_for_what_claude_owes) {
  EXPECT_EQ(waits(), kind::nothing);
  start();
  EXPECT_EQ(waits(), kind::start);
  ready();
  EXPECT_EQ(waits(), kind::nothing);
  prompt("u1");
  EXPECT_EQ(waits(), kind::turn);
  answer("u1");
  EXPECT_EQ(waits(), kind::nothing);
}

TEST_F(claude_session_patience, begins_anew_with_each_sign_of_life) {
  in_turn();
  auto before = signs();
  claude(claude::assistant("well"));
  EXPECT_NE(signs(), before);
}

TEST_F(claude_session_patience, is_endless_while_claude_waits_for_the_host) {
  in_turn();
  claude(claude::can_use_tool("r1"));
  EXPECT_EQ(waits(), kind::nothing);
  host(claude::permission("r1"));
  EXPECT_EQ(waits(), kind::turn);
}

TEST_F(claude_session_patience, is_endless_while_nobody_reads) {
  settings.max_backlog = 5000;
  in_turn();
  while (events.end() < session().output_limit())
    claude(claude::assistant("well"));
  EXPECT_EQ(waits(), kind::nothing);
  to_host();
  session().on_host_output(host_output_window{events.end()});
  EXPECT_EQ(waits(), kind::turn);
}

TEST_F(claude_session_patience, is_not_asked_of_a_transparent_host) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  start();
  prompt("u1");
  EXPECT_EQ(waits(), kind::nothing);
}

TEST_F(claude_session_patience, at_its_end_interrupts_the_turn) {
  in_turn();
  session().on_stall();
  EXPECT_NE(to_claude().find(R"("subtype":"interrupt")"), std::string::npos);
  EXPECT_EQ(waits(), kind::interrupt);
  EXPECT_EQ(session().renewal(), nullptr);
}

TEST_F(claude_session_patience,
       an_interrupt_that_is_obeyed_ends_the_turn_only) {
  in_turn();
  session().on_stall();
  claude(claude::interrupted({"u1"}));
  EXPECT_EQ(session().status().in_flight, 0u);
  EXPECT_EQ(session().renewal(), nullptr);
  prompt("u2");
  EXPECT_EQ(waits(), kind::turn) << "with all its patience";
}

TEST_F(claude_session_patience,
       then_restarts_claude_and_sends_the_prompt_again) {
  in_turn();
  session().on_stall();
  session().on_stall();
  const auto* how = session().renewal();
  ASSERT_NE(how, nullptr);
  EXPECT_TRUE(how->at_once);
  EXPECT_TRUE(how->fault);
  EXPECT_NE(how->reason.find("--stall-timeout"), std::string::npos);
  to_claude();
  end_renewed();
  EXPECT_EQ(records().size(), 0u) << "the record `restarting` tells it";
  start_ready(true);
  EXPECT_NE(to_claude().find(R"("uuid":"u1")"), std::string::npos);
  EXPECT_EQ(subtypes(), "ready resent");
  EXPECT_EQ(waits(), kind::turn);
}

TEST_F(claude_session_patience, a_prompt_that_stalls_twice_is_failed) {
  in_turn();
  for (int i = 0; i < 2; ++i) {
    session().on_stall();
    session().on_stall();
    end_renewed();
    start_ready(true);
  }
  auto all = records();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[3].at("subtype"), "failed");
  EXPECT_EQ(all[3].at("uuid"), "u1");
  EXPECT_EQ(all[3].at("reason"), "stalled");
  EXPECT_EQ(session().status().in_flight, 0u);
}

TEST_F(claude_session_patience, with_a_start_ends_at_once) {
  start();
  session().on_stall();
  const auto* how = session().renewal();
  ASSERT_NE(how, nullptr);
  EXPECT_TRUE(how->at_once);
  EXPECT_NE(how->reason.find("--start-timeout"), std::string::npos);
}

TEST_F(claude_session_patience, that_is_overdue_for_nothing_does_nothing) {
  ready();
  session().on_stall();
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(session().renewal(), nullptr);
}

TEST_F(claude_session_patience, a_result_that_was_on_its_way_still_counts) {
  in_turn();
  for (int i = 0; i < 2; ++i) {
    session().on_stall();
    session().on_stall();
    if (i == 1)
      answer("u1");
    end_renewed();
    start_ready(true);
  }
  EXPECT_EQ(subtypes(), "ready resent ready");
  EXPECT_EQ(session().status().answered, 1u);
}

// -- restarts that somebody wants ---------------------------------------------

TEST_F(claude_session_patience, a_wanted_restart_waits_for_the_turns_end) {
  in_turn();
  prompt("u2");
  session().on_restart_claude(restart_claude{"memory", false});
  EXPECT_EQ(session().renewal(), nullptr);
  answer("u1");
  ASSERT_NE(session().renewal(), nullptr);
  EXPECT_FALSE(session().renewal()->fault);
  EXPECT_EQ(to_claude(), "") << "the next prompt is for the next Claude";
  end_renewed();
  EXPECT_EQ(session().renewal(), nullptr);
  start_ready(true);
  EXPECT_NE(to_claude().find(R"("uuid":"u2")"), std::string::npos);
}

TEST_F(claude_session_patience,
       control_messages_wait_for_the_claude_that_is_wanted) {
  const std::string model
    = R"({"type":"control_request","request_id":"m1","request":{"subtype":"set_model"}})";
  ready();
  to_claude();
  session().on_restart_claude(restart_claude{"memory", false});
  ASSERT_NE(session().renewal(), nullptr);
  host(model);
  EXPECT_EQ(to_claude(), "") << "it would not read it";
  end_renewed();
  start_ready(true);
  EXPECT_NE(to_claude().find(model), std::string::npos);
}

TEST_F(claude_session_patience, a_restart_at_once_sends_the_prompt_again) {
  in_turn();
  session().on_restart_claude(restart_claude{"now", true});
  ASSERT_NE(session().renewal(), nullptr);
  end_renewed();
  start_ready(true);
  EXPECT_NE(to_claude().find(R"("uuid":"u1")"), std::string::npos);
}

TEST_F(claude_session_patience,
       a_restart_that_came_by_itself_is_not_wanted_again) {
  in_turn();
  session().on_restart_claude(restart_claude{"memory", false});
  crash();
  start_ready(true);
  answer("u1");
  EXPECT_EQ(session().renewal(), nullptr);
}

TEST_F(claude_session_patience, no_restart_is_wanted_of_a_claude_that_is_away) {
  session().on_restart_claude(restart_claude{"memory", true});
  start();
  EXPECT_EQ(session().renewal(), nullptr);
}

// -- a Claude that is not started any more ------------------------------------

TEST_F(claude_session_patience,
       a_claude_given_up_fails_and_rejects_all_prompts) {
  in_turn();
  prompt("u2");
  crash();
  to_host();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "exit code 1", true});
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "exit code 1", true});
  prompt("u3");
  auto all = records();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at("reason"), "gave_up");
  EXPECT_EQ(all[1].at("uuid"), "u2");
  EXPECT_EQ(all[2].at("subtype"), "rejected");
  EXPECT_EQ(all[2].at("reason"), "claude_unavailable");
  EXPECT_EQ(all[2].at("uuid"), "u3");
  EXPECT_NE(all[2].at("detail").get<std::string>().find("exit code 1"),
            std::string::npos);
  EXPECT_TRUE(session().status().gave_up);
  EXPECT_TRUE(session().may_read_input()) << "the input goes on";
}

TEST_F(claude_session_patience, a_claude_that_is_tried_again_takes_prompts) {
  ready();
  crash();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "exit code 1", true});
  start_ready(true);
  to_host();
  EXPECT_FALSE(session().status().gave_up);
  prompt("u3");
  EXPECT_EQ(subtypes(), "accepted");
}

TEST_F(claude_session_patience, control_messages_do_not_wait_for_one_given_up) {
  ready();
  crash();
  host(R"({"type":"control_request","request_id":"1",)"
       R"("request":{"subtype":"interrupt"}})");
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "exit code 1", true});
  EXPECT_EQ(log.field("control_lost", "request_id"), "1");
  EXPECT_NE(to_host().find(R"("subtype":"error","request_id":"1")"),
            std::string::npos);
  host(R"({"type":"control_request","request_id":"2",)"
       R"("request":{"subtype":"interrupt"}})");
  EXPECT_EQ(record().at("reason"), "claude_unavailable");
}

TEST_F(claude_session_patience, status_is_told_of_one_given_up) {
  ready();
  crash();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "exit code 1", true});
  host(R"({"type":"container_agent","subtype":"status"})");
  EXPECT_EQ(session().status_requests(), 1u);
}

// Its actor has failed too often, and nobody can tell of its end or its words.
TEST_F(claude_session_patience,
       a_claude_given_up_that_runs_on_takes_no_prompts) {
  in_turn();
  prompt("u2");
  to_host();
  to_claude();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "a defect", true});
  prompt("u3");
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at("uuid"), "u2");
  EXPECT_EQ(all[0].at("reason"), "gave_up");
  EXPECT_EQ(all[1].at("reason"), "claude_unavailable");
  EXPECT_TRUE(session().status().gave_up);
  EXPECT_EQ(session().watched().what, stall_kind::nothing);
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_patience,
       one_given_up_that_runs_on_gets_the_answer_it_awaits) {
  in_turn();
  claude(claude::can_use_tool("r1"));
  to_claude();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "a defect", true});
  to_host();
  auto answer = claude::permission("r1");
  answer.pop_back();
  host(answer);
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(to_claude(), answer + '\n');
  host(answer);
  EXPECT_EQ(record().at("reason"), "claude_unavailable") << "nobody waits";
}

TEST_F(claude_session_patience,
       what_it_has_answered_counts_once_it_is_heard_again) {
  in_turn();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "a defect", true});
  session().on_child_started(child_started{1, pid(), false}); // the same one
  EXPECT_FALSE(session().status().gave_up);
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
  EXPECT_EQ(session().status().failed, 0u);
  prompt("u2");
  EXPECT_NE(to_claude().find(R"("uuid":"u2")"), std::string::npos);
}

TEST_F(claude_session_patience,
       when_another_actor_is_given_up_the_turn_goes_on) {
  in_turn();
  session().on_restarts_exhausted(
    restarts_exhausted{"health_monitor", "runtime_error"});
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(session().status().in_flight, 1u);
}

TEST_F(claude_session_patience,
       what_is_open_when_the_time_is_up_fails_and_stays_so) {
  in_turn();
  session().close();
  claude(claude::result({"u1"}, "too late"));
  auto all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["subtype"], "failed");
  EXPECT_EQ(all[0]["reason"], "shutting_down");
}

} // namespace container_agent::test
