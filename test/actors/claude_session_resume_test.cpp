#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// A session that can't be resumed for another reason than that it is not
/// there.
namespace container_agent::test {

namespace {

class claude_session_resume : public claude_session_fixture {
public:
  const std::string fault = claude::failed_resume(claude::session);

  /// A prompt runs, and Claude dies before it has said a word of it.
  void crash_in_a_turn() {
    ready();
    prompt("u1");
    claude(claude::init());
    crash();
    to_host();
  }

  /// A Claude is started that can't read the session, says so, and ends.
  void fail_to_resume() {
    start(true);
    to_claude();
    claude(fault);
    child_ended end;
    end.pid = pid();
    end.exit_code = 1;
    end_child(end);
  }
};

} // namespace

TEST_F(claude_session_resume, its_result_is_the_end_of_no_prompt) {
  crash_in_a_turn();
  fail_to_resume();
  EXPECT_EQ(subtypes(), "claude_exited");
  EXPECT_EQ(relayed, fault);
  EXPECT_EQ(session().status().in_flight, 1U);
  EXPECT_EQ(session().status().answered, 0U);
  EXPECT_EQ(session().launch_plan().session_id, claude::session);
}

TEST_F(claude_session_resume, in_text_it_is_no_answer) {
  settings.encoder = encoder_kind::text;
  crash_in_a_turn();
  fail_to_resume();
  EXPECT_EQ(to_host(), "");
}

TEST_F(claude_session_resume, it_may_succeed_at_the_next_attempt) {
  crash_in_a_turn();
  fail_to_resume();
  fail_to_resume();
  to_host();
  start_ready(true);
  EXPECT_EQ(subtypes(), "ready resent");
  answer("u1");
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(claude_session_resume, after_two_more_attempts_it_is_lost) {
  crash_in_a_turn();
  fail_to_resume();
  fail_to_resume();
  to_host();
  fail_to_resume();
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1]["subtype"], "session_lost");
  EXPECT_EQ(all[1]["session_id"], claude::session);
  EXPECT_NE(all[1]["reason"].get<std::string>().find("EISDIR"),
            std::string::npos);
  EXPECT_TRUE(session().launch_plan().anew);
  EXPECT_EQ(session().launch_plan().session_id, "");
  start_ready(false);
  to_host();
  answer("u1");
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(claude_session_resume, one_that_was_ready_begins_to_count_anew) {
  crash_in_a_turn();
  fail_to_resume();
  fail_to_resume();
  start_ready(true);
  crash();
  fail_to_resume();
  fail_to_resume();
  EXPECT_FALSE(session().launch_plan().anew);
}

TEST_F(claude_session_resume, so_does_one_that_died_before_it_was_ready) {
  ready();
  host(claude::set_mode("m", "plan"));
  claude(claude::initialized("m") + claude::init());
  crash();
  fail_to_resume();
  fail_to_resume();
  start(true);
  initialized();
  EXPECT_FALSE(session().status().ready);
  crash();
  fail_to_resume();
  fail_to_resume();
  EXPECT_FALSE(session().launch_plan().anew);
}

TEST_F(claude_session_resume, with_few_restarts_it_is_lost_sooner) {
  settings.resume_retries = 0;
  crash_in_a_turn();
  fail_to_resume();
  EXPECT_EQ(subtypes(), "claude_exited session_lost");
}

TEST_F(claude_session_resume, the_session_that_the_user_gave_is_lost_likewise) {
  settings.given_session = "given";
  for (int i = 0; i < 3; ++i)
    fail_to_resume();
  EXPECT_TRUE(session().launch_plan().anew);
  EXPECT_NE(to_host().find(R"("session_id":"given","reason")"),
            std::string::npos);
}

TEST_F(claude_session_resume, a_session_that_is_not_there_is_lost_at_once) {
  crash_in_a_turn();
  start(true);
  claude(claude::no_conversation(claude::session));
  crash(0);
  auto told = records().back();
  EXPECT_EQ(told["subtype"], "session_lost");
  EXPECT_NE(told["reason"].get<std::string>().find("No conversation found"),
            std::string::npos);
}

TEST_F(claude_session_resume, no_result_before_ready_closes_a_prompt) {
  crash_in_a_turn();
  start(true);
  claude(claude::result({"u1"}, "yes"));
  EXPECT_EQ(session().status().in_flight, 1U);
}

TEST_F(claude_session_resume, an_error_of_a_turn_is_no_such_fault) {
  crash_in_a_turn();
  start_ready(true);
  claude(claude::interrupted({"u1"}));
  EXPECT_EQ(session().status().answered, 1U);
  settings.resume_retries = 0;
  crash();
  EXPECT_FALSE(session().launch_plan().anew);
}

TEST_F(claude_session_resume, in_transparent_mode_it_is_lost_likewise) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  for (int i = 0; i < 3; ++i)
    fail_to_resume();
  EXPECT_TRUE(session().launch_plan().anew);
}

} // namespace container_agent::test
