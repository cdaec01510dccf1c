#include "test/actors/claude_session_fixture.hpp"

#include <algorithm>

// Prompts that have failed and come again.
namespace container_agent::test {

namespace {

class claude_session_again : public claude_session_fixture {};

} // namespace

TEST_F(claude_session_again, one_that_was_given_up_runs_when_it_comes_again) {
  ready();
  prompt("u1");
  crash();
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "it fails", true});
  EXPECT_EQ(subtypes(), "accepted claude_exited failed");
  session().on_child_started(child_started{7, 1007, false});
  claude(claude::initialized("container_agent:initialize:7"));
  to_claude();
  records();
  prompt("u1");
  auto accepted = record();
  EXPECT_EQ(accepted["subtype"], "accepted");
  EXPECT_FALSE(accepted.contains("duplicate"));
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  answer("u1");
  EXPECT_EQ(session().status().answered, 1u);
  to_host();
  prompt("u1");
  EXPECT_EQ(record()["duplicate"], true) << "its failure is forgotten";
}

TEST_F(claude_session_again,
       one_that_claude_has_failed_gets_its_old_end_again) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "cancelled"));
  records();
  to_claude();
  for (int again = 0; again < 2; ++again) {
    prompt("u1");
    auto said = records();
    ASSERT_EQ(said.size(), 2u);
    EXPECT_EQ(said[0]["duplicate"], true);
    EXPECT_EQ(said[1]["subtype"], "failed");
    EXPECT_EQ(said[1]["reason"], "no_result");
    EXPECT_EQ(said[1]["uuid"], "u1");
  }
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(session().status().failed, 1u) << "it has failed once";
}

TEST_F(claude_session_again, while_claude_is_away_it_fails_anew_each_time) {
  session().on_restarts_exhausted(
    restarts_exhausted{"claude_process", "it fails", false});
  for (int again = 0; again < 2; ++again) {
    prompt("u1");
    EXPECT_EQ(subtypes(), "accepted");
    session().on_restarts_exhausted(
      restarts_exhausted{"claude_process", "it fails", false});
    EXPECT_EQ(record()["reason"], "gave_up");
  }
  EXPECT_EQ(session().status().accepted, 2u);
  EXPECT_EQ(session().status().failed, 2u);
}

TEST_F(claude_session_again, in_text_it_gets_one_reply) {
  settings.encoder = encoder_kind::text;
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "cancelled"));
  to_host();
  prompt("u1");
  auto reply = to_host();
  EXPECT_TRUE(reply.starts_with("error: no answer, no_result: ")) << reply;
  EXPECT_EQ(std::count(reply.begin(), reply.end(), '\n'), 1);
}

} // namespace container_agent::test
