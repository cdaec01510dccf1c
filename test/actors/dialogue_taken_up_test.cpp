#include "test/actors/dialogue_fixture.hpp"

#include <string>

/// An agent is killed, and the next one goes on with the same Claude: what the
/// first one knew and the second one has to. Each was found by the simulation.
namespace container_agent::test {

namespace {

class taken_up_dialogue : public dialogue_fixture {
public:
  void kept_claude(const std::string& lines, std::uint64_t position = 1000) {
    talk().take(child_output{0, bytes{lines}.with_origin(position),
                             lines.ends_with('\n')});
  }

  /// A turn runs, and the queue is full.
  void fill_queue() {
    settings.queue.prompts = 1;
    ready();
    prompt("u-1");
    prompt("u-2");
    claude(claude::lifecycle("u-1", "started"));
  }

  /// Its prompt was answered, it has crashed, and the next one refuses.
  void refuse_session() {
    ready();
    prompt("u-1");
    answer("u-1");
    crash();
    start(true);
    claude(claude::no_conversation(claude::session));
  }

  void take_up(std::uint64_t output_begin = 0) {
    next_agent(output_begin);
    attach();
    initialized();
    to_claude();
    to_host();
  }
};

} // namespace

TEST_F(taken_up_dialogue, lets_the_answer_in_that_claude_waits_for) {
  fill_queue();
  take_up();
  EXPECT_EQ(talk().input_credit(), 0U);
  claude(claude::can_use_tool("q"));
  take_up();
  EXPECT_EQ(talk().input_credit(), 1U);
}

TEST_F(taken_up_dialogue, does_not_blame_a_claude_that_waits_for_the_host) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  take_up();
  EXPECT_EQ(talk().waits_for().what, bridge::patience::kind::nothing);
  claude(R"({"type":"control_cancel_request","request_id":"q"})"
         "\n");
  take_up();
  EXPECT_EQ(talk().waits_for().what, bridge::patience::kind::turn);
}

TEST_F(taken_up_dialogue, of_a_new_claude_no_request_is_open) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  notes.launched();
  take_up();
  EXPECT_EQ(talk().input_credit(), 0U);
}

TEST_F(taken_up_dialogue, gives_an_answer_again_that_may_not_have_arrived) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  auto answer = claude::permission("q");
  host(answer.substr(0, answer.size() - 1));
  next_agent();
  attach();
  initialized();
  EXPECT_EQ(to_claude(), answer);
  claude(claude::result({"u-1"}, "yes")); // it has arrived
  take_up();
  EXPECT_TRUE(notes.now.answers.empty());
}

TEST_F(taken_up_dialogue, an_answer_and_its_place_are_one_entry) {
  fill_queue();
  claude(claude::can_use_tool("q"));
  auto line = claude::permission("q");
  line.pop_back();
  talk().take(
    host_line{0, 3, bytes{line}, line_ending::complete, line.size(), 777});
  EXPECT_EQ(notes.now.input, 777U);
  EXPECT_EQ(notes.now.answers.front(), line + '\n');
}

TEST_F(taken_up_dialogue, understands_a_line_whose_start_is_known) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  auto line = claude::result({"u-1"}, "yes");
  next_agent();
  talk().begin_in_line(line.substr(0, 20));
  attach();
  kept_claude(line.substr(20), 500);
  EXPECT_EQ(talk().status().answered, 1U);
  EXPECT_EQ(notes.now.closed.back().result_end, 500 + line.size() - 20);
}

TEST_F(taken_up_dialogue, a_turn_without_a_result_is_no_answer) {
  ready();
  prompt("u-1");
  auto line = claude::lifecycle("u-1", "started");
  next_agent();
  talk().begin_in_line(line.substr(0, 20));
  attach();
  claude(line.substr(20));
  initialized();
  to_host();
  claude(claude::lifecycle("u-1", "cancelled"));
  EXPECT_EQ(record()["reason"], "no_result");
}

TEST_F(taken_up_dialogue, does_not_send_what_is_spoken_of_in_that_line) {
  ready();
  prompt("u-1");
  auto line = claude::lifecycle("u-1", "queued");
  next_agent();
  talk().begin_in_line(line.substr(0, 20));
  attach();
  claude(line.substr(20));
  initialized();
  EXPECT_EQ(to_claude(), "");
}

TEST_F(taken_up_dialogue, a_refusal_to_resume_is_one) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  notes.launched();
  next_agent();
  attach(); // resumed by the agent before
  claude(claude::no_conversation(claude::session));
  crash(0);
  EXPECT_EQ(talk().launch_plan().session_id, "");
  EXPECT_EQ(talk().status().in_flight, 1U);
}

TEST_F(taken_up_dialogue, one_of_the_claude_before_is_not_its_own) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  attach();
  kept_claude(claude::no_conversation("another") + "\x18\n");
  initialized();
  EXPECT_EQ(notes.now.session_id, claude::session);
  answer("u-1");
  EXPECT_EQ(talk().status().answered, 1U);
}

TEST_F(taken_up_dialogue, one_of_two_claudes_before_brings_no_session_back) {
  refuse_session();
  crash(1);
  start();
  next_agent();
  attach();
  kept_claude(claude::lifecycle("u-1", "started") + "\x18\n"
              + claude::no_conversation(claude::session) + "\x18\n");
  EXPECT_EQ(notes.now.session_id, "");
  EXPECT_EQ(talk().launch_plan().session_id, "");
  EXPECT_TRUE(talk().launch_plan().anew);
}

TEST_F(taken_up_dialogue, knows_of_one_before_claude_has_ended) {
  refuse_session();
  next_agent();
  EXPECT_EQ(talk().launch_plan().session_id, "");
  EXPECT_TRUE(talk().launch_plan().anew);
}

TEST_F(taken_up_dialogue, a_turn_of_claudes_own_answers_no_prompt) {
  ready();
  prompt("u-1");
  answer("u-1");
  prompt("u-2"); // and the agent was killed before it was sent
  take_up();
  claude(claude::result({}, "a task has ended"));
  EXPECT_EQ(talk().status().in_flight, 1U);
}

TEST_F(taken_up_dialogue, nor_does_one_of_the_claude_before) {
  ready();
  prompt("u-1");
  answer("u-1");
  prompt("u-2");
  notes.launched();
  next_agent();
  attach();
  kept_claude(claude::result({}, "a task has ended") + "\x18\n");
  EXPECT_EQ(talk().status().in_flight, 1U);
}

TEST_F(taken_up_dialogue, of_one_that_does_not_report_turns_all_do) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  notes.launched(); // of an older version
  take_up();
  claude(claude::result({}, "yes"));
  EXPECT_EQ(talk().status().in_flight, 0U);
}

TEST_F(taken_up_dialogue, a_dead_ones_end_in_two_pieces_is_one) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  talk().begin_in_line();
  attach();
  kept_claude("of a long line\x18", 500);
  kept_claude("\n", 515);
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
}

TEST_F(taken_up_dialogue, does_not_fail_what_a_claude_may_be_at_work_on) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  talk().take(begin_drain{"SIGINT"});
  talk().take(interrupt_turn{});
  EXPECT_EQ(subtypes(), "stopping");
  attach();
  answer("u-1");
  EXPECT_EQ(talk().status().answered, 1U);
}

TEST_F(taken_up_dialogue, nor_when_claude_process_is_given_up_before) {
  settings.queue.in_flight = 1;
  for (bool waits : {true, false}) {
    const std::string uuid = waits ? "u-1" : "u-2";
    ready();
    prompt(uuid);
    claude(claude::lifecycle(uuid, "started"));
    next_agent();
    restarts_exhausted end{"claude_process", "x"};
    end.waits = waits;
    talk().take(end);
    EXPECT_EQ(subtypes(), "");
    EXPECT_EQ(talk().status().in_flight, 1U);
    attach();
    answer(uuid);
  }
}

TEST_F(taken_up_dialogue, drops_the_result_of_what_was_failed) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  talk().close(); // the agent ends, and is killed before Claude has
  auto before = claude::assistant("a");
  auto behind = claude::assistant("b");
  take_up();
  claude(before + claude::result({"u-1"}, "yes") + behind);
  EXPECT_EQ(to_host(), before + behind);
  EXPECT_EQ(log.field("late_result_dropped", "uuid"), "u-1");
}

TEST_F(taken_up_dialogue, says_what_need_not_stay_in_claudes_pipe) {
  ready();
  prompt("u-1");
  next_agent();
  attach();
  auto own = claude::initialized("container_agent:initialize:1");
  auto line = claude::lifecycle("u-1", "queued");
  kept_claude(own + line + "half\x18\n");
  EXPECT_EQ(to_host(), line);
  EXPECT_EQ(left_out, own + "half\x18\n");
}

TEST_F(taken_up_dialogue,
       knows_that_a_claude_reports_turns_once_it_has_seen_it) {
  ready();
  prompt("u-1");
  answer("u-1"); // of a Claude that the dead one was followed by
  notes.launched();
  next_agent();
  attach();
  kept_claude("\x18\n" + claude::lifecycle("u-1", "completed"));
  take_up();
  prompt("u-2");
  claude(claude::result({}, "a task has ended"));
  EXPECT_EQ(talk().status().in_flight, 1U);
}

TEST_F(taken_up_dialogue, knows_a_dead_ones_end_of_which_the_host_has_half) {
  ready();
  prompt("u-1");
  claude(claude::lifecycle("u-1", "started"));
  next_agent();
  talk().begin_in_line("half\x18");
  attach();
  kept_claude("\n", 500);
  initialized();
  EXPECT_EQ(to_claude(), user_line("u-1") + '\n');
}

TEST_F(taken_up_dialogue, says_which_results_do_not_come_through_in_time) {
  ready();
  prompt("u-1");
  prompt("u-2");
  kept_claude(claude::turn("u-1", "hi", "yes"), 1000);
  kept_claude(claude::turn("u-2", "hi", "yes"), 2000);
  take_up(1000); // the host has read neither
  kept_claude(claude::turn("u-1", "hi", "yes"), 1000);
  to_host();
  talk().close();
  auto lost = record();
  EXPECT_EQ(lost["uuid"], "u-2");
  EXPECT_EQ(lost["reason"], "result_lost");
}

} // namespace container_agent::test
