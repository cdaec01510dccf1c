#include "messages/codec/control_line.hpp"
#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// Control messages of the host die with the Claude that they were for: each is
/// told.
namespace container_agent::test {

namespace {

const std::string question = claude::set("q", R"("subtype":"get_settings")");

class claude_session_lost_control : public claude_session_fixture {
public:
  /// What the host gets in the place of Claude's answer.
  static std::string lost(const std::string& id,
                          const std::string& why
                          = "Claude ended before it answered") {
    return codec::error_response_line(id, why);
  }

  /// By way of the log, where it stays until somebody has dealt with it.
  void host_says(const std::string& line) {
    input.put(line + '\n');
    session().on_input_grew(input_grew{input.end()});
    session().read_input();
    session().read_events();
  }

  /// Claude starts, and is given this.
  void ready_with(const std::string& line) {
    start_ready();
    EXPECT_NE(to_claude().find(line + '\n'), std::string::npos);
  }
};

} // namespace

TEST_F(claude_session_lost_control, a_request_without_an_answer_is_told) {
  ready();
  host(question);
  to_claude(); // Claude has it
  crash();
  auto all = to_host();
  EXPECT_NE(all.find("claude_exited"), std::string::npos);
  EXPECT_TRUE(all.ends_with(lost("q"))) << "behind the end: " << all;
  EXPECT_EQ(log.field("control_lost", "request_id"), "q");
  EXPECT_EQ(log.field("control_lost", "subtype"), "get_settings");
  EXPECT_EQ(session().status().control_lost, 1U);
}

TEST_F(claude_session_lost_control,
       one_that_was_not_even_written_is_told_once) {
  ready();
  host(question);
  crash();
  to_host();
  EXPECT_EQ(session().status().control_lost, 1U);
}

TEST_F(claude_session_lost_control, an_answered_one_is_not) {
  ready();
  host(question);
  claude(claude::initialized("q"));
  crash();
  EXPECT_EQ(subtypes(), "claude_exited");
  EXPECT_EQ(session().status().control_lost, 0U);
}

TEST_F(claude_session_lost_control, an_answer_that_was_not_written_is_logged) {
  ready();
  prompt("u1");
  claude(claude::can_use_tool("p"));
  to_host();
  auto answer = claude::permission("p");
  answer.pop_back();
  host(answer);
  crash();
  EXPECT_EQ(subtypes(), "claude_exited") << "nobody waits for that";
  EXPECT_EQ(log.field("control_lost", "type"), "control_response");
  EXPECT_EQ(log.field("control_lost", "request_id"), "p");
  EXPECT_EQ(session().status().control_lost, 1U);
}

TEST_F(claude_session_lost_control, prompts_and_the_agents_own_are_not) {
  ready();
  prompt("u1");
  session().on_interrupt_turn(interrupt_turn{});
  crash();
  EXPECT_EQ(session().status().control_lost, 0U);
}

TEST_F(claude_session_lost_control, one_that_waits_for_a_claude_is_not_lost) {
  ready();
  crash();
  host(question);
  start_ready(true);
  EXPECT_NE(to_claude().find(question), std::string::npos);
  EXPECT_EQ(session().status().control_lost, 0U);
}

TEST_F(claude_session_lost_control, without_another_claude_it_is) {
  ready();
  crash();
  host(question);
  to_host();
  session().close();
  EXPECT_EQ(to_host(), lost("q", "the agent stopped before it was sent"));
}

TEST_F(claude_session_lost_control,
       a_setting_is_lost_with_the_last_claude_only) {
  ready();
  host(claude::set_mode("m", "plan"));
  to_claude();
  to_host();
  child_ended end;
  end.asked = true;
  end_child(end);
  EXPECT_EQ(to_host(), lost("m"));
}

TEST_F(claude_session_lost_control, in_transparent_mode_all_of_them_are_told) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  start();
  host(claude::set_mode("m", "plan"));
  host(question);
  crash();
  EXPECT_TRUE(to_host().ends_with(lost("m") + lost("q")));
}

TEST_F(claude_session_lost_control, in_text_the_log_has_it) {
  settings.encoder = encoder_kind::text;
  ready();
  host(question);
  crash();
  EXPECT_EQ(to_host(), "");
  EXPECT_EQ(log.count("control_lost"), 1U);
}

// -- what it was never given
// ---------------------------------------------------

TEST_F(claude_session_lost_control,
       one_that_waits_for_claude_is_the_next_agents) {
  host_says(question);
  host_says(user_line("u1"));
  next_agent(false);
  ready_with(question);
  EXPECT_EQ(session().status().control_lost, 0U);
}

TEST_F(claude_session_lost_control, of_several_the_next_agent_has_the_rest) {
  const auto other = claude::set("q2", R"("subtype":"get_settings")");
  host_says(question);
  host_says(other);
  start_ready();
  EXPECT_NE(to_claude().find(other), std::string::npos);
  next_agent(false);
  start_ready(true);
  EXPECT_EQ(to_claude().find(other), std::string::npos) << "it was given";
}

TEST_F(claude_session_lost_control,
       one_that_was_told_as_lost_does_not_come_again) {
  host_says(question);
  session().close();
  EXPECT_EQ(session().status().control_lost, 1U);
  next_agent(false);
  start_ready();
  EXPECT_EQ(to_claude().find(question), std::string::npos);
}

// The agent's own word waits for the end of the line that Claude has begun.
TEST_F(claude_session_lost_control,
       within_a_line_of_claudes_it_is_shown_all_the_same) {
  ready();
  host(question);
  to_claude();
  claude(R"({"type":"ha)");
  session().close();
  EXPECT_TRUE(to_host().ends_with(lost("q", "the agent stopped before Claude "
                                            "answered")));
}

} // namespace container_agent::test
