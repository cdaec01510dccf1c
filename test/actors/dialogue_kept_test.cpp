#include "test/actors/dialogue_fixture.hpp"

#include <string>

/// An agent is killed, and the next one goes on with the same Claude.
namespace container_agent::test {

namespace {

class kept_dialogue : public dialogue_fixture {
public:
  /// What can be told by where it stands in all that Claude says.
  void kept_claude(const std::string& lines, std::uint64_t position = 1000) {
    talk().take(child_output{0, bytes{lines}.with_origin(position), true});
  }

  /// The agent is killed while a result goes by, and the next one sees the
  /// rest.
  void take_over_in_the_result() {
    ready();
    prompt("u-1");
    claude(claude::lifecycle("u-1", "started"));
    next_agent();
    talk().begin_in_line();
    attach();
    initialized();
    claude("the end of a long result\"}\n"
           + claude::lifecycle("u-1", "completed"));
  }
};

} // namespace

TEST_F(kept_dialogue, a_prompt_that_waited_is_sent_once_claude_is_ready) {
  prompt("u-1");
  next_agent();
  attach();
  EXPECT_EQ(to_claude(), "");
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
}

TEST_F(kept_dialogue, a_prompt_that_claude_works_on_is_not_sent_again) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "queued"));
  next_agent();
  attach();
  initialized();
  EXPECT_EQ(to_claude(), "");
  records();
  claude(claude::lifecycle("u-1", "started") + claude::result({"u-1"}, "yes"));
  EXPECT_EQ(talk().status().in_flight, 0U);
  EXPECT_EQ(talk().status().answered, 1U);
}

TEST_F(kept_dialogue, a_prompt_that_never_reached_claude_is_sent_again) {
  ready();
  prompt("u-1"); // noted as sent, and the agent was killed before it was
  next_agent();
  attach();
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
  EXPECT_EQ(subtypes(), "ready"); // nothing was sent twice: no `resent`
}

TEST_F(kept_dialogue, a_prompt_that_claude_speaks_of_before_it_answers_is_not) {
  ready();
  prompt("u-1");
  next_agent();
  attach();
  claude(claude::lifecycle("u-1", "queued"));
  initialized();
  EXPECT_EQ(to_claude(), "");
}

TEST_F(kept_dialogue, a_result_that_came_meanwhile_closes_the_prompt) {
  ready();
  prompt("u-1");
  prompt("u-2", "next");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  attach();
  claude(claude::result({"u-1"}, "yes"));
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-2", "next") + '\n');
}

TEST_F(kept_dialogue, the_answer_to_an_earlier_agent_is_swallowed) {
  start();
  to_claude();
  next_agent();
  attach();
  claude(claude::initialized("container_agent:initialize:1"));
  EXPECT_EQ(to_host(), "");
  initialized();
  auto ready = record();
  EXPECT_EQ(ready["subtype"], "ready");
  EXPECT_TRUE(ready["attached"].get<bool>());
}

TEST_F(kept_dialogue, one_that_died_meanwhile_is_resumed_and_sent_the_rest) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  EXPECT_EQ(talk().launch_plan().session_id, claude::session);
  start_ready(true);
  EXPECT_EQ(subtypes(), "ready resent");
  answer("u-1");
  EXPECT_EQ(talk().status().in_flight, 0U);
}

TEST_F(kept_dialogue, one_that_dies_under_the_next_agent_is_resumed) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  attach();
  initialized();
  records();
  crash();
  start_ready(true);
  EXPECT_EQ(subtypes(), "claude_exited ready resent");
}

TEST_F(kept_dialogue, answered_prompts_are_still_known) {
  ready();
  prompt("u-1");
  answer("u-1");
  next_agent();
  attach();
  initialized();
  records();
  prompt("u-1");
  EXPECT_EQ(record()["duplicate"], true);
  EXPECT_EQ(to_claude(), "");
}

TEST_F(kept_dialogue, how_a_prompt_has_failed_is_still_known) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "cancelled"));
  next_agent();
  attach();
  initialized();
  records();
  prompt("u-1");
  EXPECT_EQ(records().at(1)["reason"], "no_result");
  EXPECT_EQ(to_claude(), "");
}

TEST_F(kept_dialogue, one_that_was_given_up_runs_under_the_next_agent) {
  prompt("u-1");
  talk().take(restarts_exhausted{"claude_process", "it fails", true});
  next_agent();
  start_ready();
  records();
  to_claude();
  prompt("u-1");
  EXPECT_EQ(subtypes(), "accepted");
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
  next_agent();
  EXPECT_EQ(talk().status().in_flight, 1U);
  attach();
  initialized();
  answer("u-1");
  EXPECT_EQ(talk().status().answered, 1U) << "its result is not a late one";
}

TEST_F(kept_dialogue, failed_prompts_are_not_sent_by_the_next_agent) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "cancelled"));
  next_agent();
  EXPECT_EQ(talk().status().in_flight, 0U);
}

TEST_F(kept_dialogue, a_lost_session_is_not_resumed_by_the_next_agent) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  crash();
  start(true);
  claude(claude::no_conversation(claude::session));
  crash(0);
  next_agent();
  EXPECT_EQ(talk().launch_plan().session_id, "");
  EXPECT_TRUE(talk().launch_plan().anew);
}

TEST_F(kept_dialogue, records_wait_for_the_rest_of_a_line) {
  next_agent();
  talk().begin_in_line();
  prompt("u-1");
  EXPECT_EQ(to_host(), "");
  attach();
  claude("of a line\"}\n");
  auto all = to_host();
  EXPECT_TRUE(all.starts_with("of a line\"}\n{\"type\":\"container_agent\""))
    << all;
}

TEST_F(kept_dialogue, notes_where_a_result_ends_in_all_that_claude_says) {
  ready();
  prompt("u-1");
  auto lines
    = claude::lifecycle("u-1", "started") + claude::result({"u-1"}, "yes");
  auto behind = claude::assistant("more");
  kept_claude(lines + behind, 1000);
  EXPECT_EQ(notes.now.closed.back().result_end, 1000 + lines.size());
}

TEST_F(kept_dialogue, a_result_whose_end_alone_was_seen_ends_with_its_line) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  talk().begin_in_line();
  attach();
  initialized();
  const std::string end = "the end of a long result\"}\n";
  kept_claude(end + claude::lifecycle("u-1", "completed"), 500);
  EXPECT_EQ(notes.now.closed.back().result_end, 500 + end.size());
}

TEST_F(kept_dialogue, a_line_that_a_dead_one_has_left_is_left_out) {
  ready();
  prompt("u-1");
  to_host();
  auto before = claude::assistant("a");
  auto behind = claude::assistant("b");
  auto half = claude::result({"u-1"}, "yes");
  half.resize(half.size() - 2);
  kept_claude(before + half + "\x18\n" + behind);
  kept_claude("\x18\n" + behind);
  EXPECT_EQ(to_host(), before + behind + behind);
  EXPECT_EQ(talk().status().answered, 0U);
  EXPECT_EQ(log.count("half_line_dropped"), 1U);
  EXPECT_EQ(log.field("half_line_dropped", "bytes"),
            std::to_string(half.size()));
}

TEST_F(kept_dialogue, what_a_dead_one_had_begun_is_sent_to_the_next) {
  ready();
  prompt("u-1");
  next_agent();
  attach(); // another one by now, but what the dead one said comes first
  kept_claude(claude::lifecycle("u-1", "started") + claude::can_use_tool("q")
              + "\x18\n");
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
  EXPECT_FALSE(notes.now.prompts.front().begun);
}

TEST_F(kept_dialogue, such_an_end_means_nothing_elsewhere) {
  ready();
  claude("no JSON\x18\n");
  EXPECT_EQ(to_host(), "no JSON\x18\n");
}

TEST_F(kept_dialogue, one_whose_start_the_host_has_is_ended) {
  ready();
  claude(R"({"type":"assistant","long":)");
  kept_claude("er\x18\n");
  EXPECT_EQ(to_host(), "{\"type\":\"assistant\",\"long\":er\x18\n");
}

TEST_F(kept_dialogue, a_result_whose_end_alone_was_seen_is_no_failure) {
  take_over_in_the_result();
  EXPECT_EQ(subtypes(), "ready");
  EXPECT_EQ(talk().status().answered, 1U);
}

TEST_F(kept_dialogue, a_later_prompt_without_a_result_is_one) {
  take_over_in_the_result();
  prompt("u-2");
  claude(claude::lifecycle("u-2", "started")
         + claude::lifecycle("u-2", "completed"));
  EXPECT_NE(to_host().find("no_result"), std::string::npos);
}

TEST_F(kept_dialogue, asks_a_child_at_which_it_failed_all_the_same) {
  next_agent();
  random.throws = 1;
  child_started child{1, pid(), false, true};
  EXPECT_THROW(talk().take(child), std::runtime_error);
  talk().take(child);
  EXPECT_NE(to_claude().find("initialize"), std::string::npos);
}

TEST_F(kept_dialogue, notes_how_far_the_input_was_dealt_with) {
  ready();
  auto line = user_line("u-1");
  talk().take(host_line{0, 1, bytes{line}, line_ending::complete, line.size(),
                        line.size() + 1});
  EXPECT_EQ(notes.now.input, line.size() + 1);
  talk().take(host_line{0, 2, bytes{"{"}, line_ending::complete, 1, 200});
  EXPECT_EQ(notes.now.input, 200U);
}

} // namespace container_agent::test
