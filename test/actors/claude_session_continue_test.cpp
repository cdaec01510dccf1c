#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// Claude dies when it has begun to answer: its transcript knows the prompt, so
/// it does not run it again, and has to be told to go on.
namespace container_agent::test {

namespace {

class claude_session_continue : public claude_session_fixture {
public:
  /// A prompt is begun, Claude dies, and the next one is sent it again.
  void crash_in_the_answer() {
    ready();
    prompt("u1");
    claude(claude::lifecycle("u1", "started") + claude::init()
           + claude::assistant("Let me see"));
    crash_again();
  }

  /// The one that runs dies, and another one is ready.
  void crash_again() {
    crash();
    start_ready(true);
    to_claude();
    to_host();
  }

  /// It knows the prompt, and does nothing.
  void replay_only(const std::string& uuid = "u1") {
    claude(claude::replay(uuid, "hi") + claude::lifecycle(uuid, "completed"));
  }

  /// The uuid by which the prompt is continued now.
  std::string continued() {
    replay_only();
    return record()["continue_uuid"].get<std::string>();
  }
};

} // namespace

TEST_F(claude_session_continue, a_prompt_of_the_agents_own_is_sent) {
  crash_in_the_answer();
  replay_only();
  auto told = record();
  EXPECT_EQ(told["subtype"], "continued");
  EXPECT_EQ(told["uuid"], "u1");
  EXPECT_EQ(told["attempt"], 1);
  auto own = told["continue_uuid"].get<std::string>();
  EXPECT_EQ(own.size(), 36U);
  EXPECT_EQ(to_claude(),
            codec::prompt_line("Continue from where you left off.", own));
  EXPECT_EQ(session().status().in_flight, 1U);
  EXPECT_EQ(session().status().continued, 1U);
  EXPECT_EQ(session().status().accepted, 1U);
}

TEST_F(claude_session_continue, its_end_is_the_end_of_the_hosts) {
  crash_in_the_answer();
  prompt("u2", "next");
  to_host();
  auto own = continued();
  to_claude();
  claude(claude::turn(own, "Continue from where you left off.", "yes"));
  EXPECT_EQ(session().status().answered, 1U);
  EXPECT_EQ(to_claude(), user_line("u2", "next") + '\n');
  EXPECT_EQ(subtypes(), "") << "no `failed`";
  prompt("u1");
  EXPECT_EQ(record()["duplicate"], true);
}

TEST_F(claude_session_continue, its_answer_is_the_hosts_answer_in_text) {
  settings.encoder = encoder_kind::replies;
  crash_in_the_answer();
  replay_only();
  auto sent = json::parse(to_claude());
  claude(claude::turn(sent["uuid"], "Continue", "at last"));
  EXPECT_EQ(to_host(), "at last\n\xFF");
}

TEST_F(claude_session_continue, its_text_is_the_users_to_choose) {
  settings.continue_prompt = "Go on.";
  crash_in_the_answer();
  replay_only();
  EXPECT_EQ(json::parse(to_claude())["message"]["content"], "Go on.");
}

TEST_F(claude_session_continue,
       it_is_sent_again_when_claude_dies_before_it_begins) {
  crash_in_the_answer();
  auto own = continued();
  auto line = to_claude();
  crash();
  to_host();
  start_ready(true);
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1]["subtype"], "resent");
  EXPECT_EQ(all[1]["uuid"], "u1");
  EXPECT_NE(to_claude().find(line), std::string::npos);
  claude(claude::turn(own, "Continue", "yes"));
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(claude_session_continue, it_is_continued_itself_if_claude_had_begun_it) {
  crash_in_the_answer();
  auto own = continued();
  crash_again();
  replay_only(own);
  auto told = record();
  EXPECT_EQ(told["subtype"], "continued");
  EXPECT_EQ(told["uuid"], "u1");
  EXPECT_EQ(told["attempt"], 2);
  EXPECT_NE(told["continue_uuid"], own);
}

TEST_F(claude_session_continue, it_ends_with_the_claudes_that_die_of_it) {
  crash_in_the_answer();
  auto name = std::string{"u1"};
  for (std::uint32_t sent = 2; sent < claude_session::max_sends; ++sent) {
    replay_only(name);
    name = record()["continue_uuid"];
    crash_again();
  }
  replay_only(name);
  record();
  crash();
  to_host();
  start_ready(true);
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1]["subtype"], "failed");
  EXPECT_EQ(all[1]["uuid"], "u1");
  EXPECT_EQ(all[1]["reason"], "crashed");
}

TEST_F(claude_session_continue, one_that_is_not_run_at_all_is_failed) {
  crash_in_the_answer();
  replay_only(continued());
  EXPECT_EQ(record()["reason"], "no_result") << "it was new to Claude";
}

TEST_F(claude_session_continue, a_prompt_that_claude_had_not_begun_is_run) {
  crash_in_the_answer();
  claude(claude::turn("u1", "hi", "yes"));
  EXPECT_EQ(session().status().answered, 1U);
  EXPECT_EQ(session().status().continued, 0U);
}

TEST_F(claude_session_continue, one_that_its_transcript_has_lost_is_told_so) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started") + claude::assistant("Let me see"));
  to_claude();
  crash();
  start_ready(true);
  auto sent = to_claude();
  auto line = json::parse(sent.substr(sent.find('\n') + 1));
  EXPECT_EQ(line["uuid"], "u1");
  EXPECT_EQ(line["message"]["content"],
            "hi\n\n" + std::string{codec::interrupted_notice});
}

TEST_F(claude_session_continue, one_without_a_word_is_sent_byte_for_byte) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started"));
  to_claude();
  crash();
  start_ready(true);
  EXPECT_NE(to_claude().find(user_line("u1") + '\n'), std::string::npos);
}

TEST_F(claude_session_continue, one_that_ran_again_without_a_result_is_failed) {
  crash_in_the_answer();
  claude(claude::lifecycle("u1", "started")
         + claude::lifecycle("u1", "completed"));
  EXPECT_EQ(record()["reason"], "no_result");
}

TEST_F(claude_session_continue, one_that_was_cancelled_is_failed) {
  crash_in_the_answer();
  claude(claude::lifecycle("u1", "cancelled"));
  EXPECT_EQ(record()["reason"], "no_result");
}

TEST_F(claude_session_continue, an_old_uuid_of_the_hosts_is_not_continued) {
  ready();
  prompt("u1");
  to_host();
  replay_only();
  EXPECT_EQ(record()["reason"], "no_result");
}

TEST_F(claude_session_continue, a_host_may_want_to_decide_itself) {
  settings.continue_prompt.clear(); // --on-crash fail
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started"));
  crash_again();
  replay_only();
  auto failed = record();
  EXPECT_EQ(failed["subtype"], "failed");
  EXPECT_EQ(failed["reason"], "crashed");
  EXPECT_NE(failed["detail"].get<std::string>().find("tools"),
            std::string::npos);
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_continue,
       what_was_seen_to_be_begun_is_not_even_sent_again) {
  settings.continue_prompt.clear();
  ready();
  prompt("u1");
  prompt("u2", "next");
  claude(claude::lifecycle("u1", "started") + claude::assistant("Let me see"));
  to_claude();
  crash();
  to_host();
  start_ready(true);
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1]["reason"], "crashed");
  auto sent = to_claude();
  EXPECT_EQ(sent.find("u1"), std::string::npos);
  EXPECT_NE(sent.find("u2"), std::string::npos);
}

TEST_F(claude_session_continue, a_new_session_is_sent_the_hosts_prompt) {
  crash_in_the_answer();
  continued();
  crash();
  start(true);
  claude(claude::no_conversation(claude::session));
  crash(0);
  to_claude();
  start_ready(false);
  EXPECT_NE(to_claude().find(R"("uuid":"u1")"), std::string::npos);
  claude(claude::turn("u1", "hi", "yes"));
  EXPECT_EQ(session().status().answered, 1U);
}

// -- under the next agent -----------------------------------------------------

TEST_F(claude_session_continue, the_next_agent_hears_its_end) {
  crash_in_the_answer();
  auto own = continued();
  claude(claude::lifecycle(own, "queued"));
  records();
  to_claude();
  next_agent();
  take_up();
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(subtypes(), "ready");
  claude(claude::result({own}, "yes"));
  EXPECT_EQ(session().status().answered, 1U);
}

TEST_F(claude_session_continue, the_next_agent_sends_it_again) {
  crash_in_the_answer();
  auto own = continued();
  auto line = to_claude();
  next_agent(false); // Claude has died as well
  start_ready(true);
  EXPECT_NE(to_claude().find(line), std::string::npos);
  to_host();
  replay_only(own);
  EXPECT_EQ(record()["subtype"], "continued");
}

TEST_F(claude_session_continue, the_next_agent_continues_what_both_died_over) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started"));
  next_agent(false);
  start_ready(true);
  to_host();
  replay_only();
  EXPECT_EQ(record()["subtype"], "continued");
}

TEST_F(claude_session_continue,
       the_next_agent_knows_that_claude_had_it_before) {
  crash_in_the_answer(); // it was sent again, and nothing was heard of it
  to_claude();
  next_agent();
  take_up();
  EXPECT_EQ(to_claude(), "") << "it is in the log";
  to_host();
  replay_only();
  EXPECT_EQ(record()["subtype"], "continued");
}

TEST_F(claude_session_continue, the_next_agent_sends_it_once) {
  crash_in_the_answer();
  to_claude();
  next_agent();
  take_up();
  replay_only();
  auto sent = to_claude();
  EXPECT_EQ(std::count(sent.begin(), sent.end(), '\n'), 1) << sent;
}

TEST_F(claude_session_continue, a_result_that_comes_too_late_is_left_out) {
  crash_in_the_answer();
  auto own = continued();
  claude(claude::lifecycle(own, "started"));
  session().close(); // killed behind this: Claude lives
  next_agent();
  take_up();
  to_host();
  claude(claude::result({own}, "yes"));
  EXPECT_EQ(to_host(), "");
}

} // namespace container_agent::test
