#include "test/actors/conversation_fixture.hpp"

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

} // namespace

TEST_F(conversations, ask_for_a_child_and_say_what_they_want_at_the_start) {
  start();
  EXPECT_EQ(claude.take<launch_child>().session_id, "s1");
  EXPECT_EQ(input.take<input_window>().limit, bridge::small_window);
  EXPECT_EQ(claude.take<child_output_window>().limit, bridge::output_window);
}

TEST_F(conversations, ask_for_no_child_if_none_is_wanted) {
  protocol.wants = false;
  start();
  EXPECT_EQ(claude.count<launch_child>(), 0u);
}

TEST_F(conversations, look_at_both_logs_at_whatever_news) {
  start();
  host_input.put("in\n");
  said.put("out\n");
  look();
  EXPECT_EQ(protocol.read_input, 3u);
  EXPECT_EQ(protocol.read_output, 4u);
}

TEST_F(conversations, hear_how_far_the_others_have_come) {
  start();
  protocol.give("seven.\n");
  protocol.show("eight..\n");
  happen(child_input_window{7});
  happen(host_output_window{8});
  EXPECT_EQ(protocol.to_child_gone(), 7u);
  EXPECT_EQ(protocol.shown_gone(), 8u);
}

TEST_F(conversations, tell_how_far_the_logs_have_grown_and_for_whom) {
  start();
  protocol.give("c1\n", {0, 1});
  protocol.give("c2\n", {0, 2});
  protocol.show("h1\n", {0, 1});
  protocol.show("h2\n", {0, 2});
  look();
  auto given = claude.take_all<child_input_grew>();
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(given[0].end, 3u);
  EXPECT_EQ(given[0].prompt, (trace_id{0, 1}));
  EXPECT_EQ(given[1].end, 6u);
  EXPECT_EQ(given[1].prompt, (trace_id{0, 2}));
  auto shown = output.take_all<host_output_grew>();
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0].end, 3u);
  EXPECT_EQ(shown[0].prompt, (trace_id{0, 1}));
  EXPECT_EQ(shown[1].end, 6u);
  EXPECT_EQ(shown[1].prompt, (trace_id{0, 2}));
}

TEST_F(conversations, tell_in_one_message_what_is_of_one_prompt) {
  start();
  protocol.show("h1\n", {0, 1});
  protocol.show("h2\n", {0, 1});
  look();
  EXPECT_EQ(output.take<host_output_grew>().end, 6u);
  EXPECT_EQ(output.count<host_output_grew>(), 0u);
}

TEST_F(conversations, a_new_pipe_output_is_told_how_far_it_may_go) {
  start();
  protocol.show("h1\n");
  look();
  output = make_probe(&peers_changed::pipe_output);
  introduce(talk);
  EXPECT_EQ(output.take<host_output_grew>().end, 3u);
}

TEST_F(conversations, a_new_claude_process_is_asked_for_a_child_first) {
  start();
  protocol.give("c1\n");
  look();
  claude = make_probe(&peers_changed::claude_process);
  introduce(talk);
  EXPECT_EQ(claude.names(),
            " launch_child child_input_grew child_output_window");
}

TEST_F(conversations, a_new_child_is_told_what_it_shall_get) {
  start();
  protocol.give("c1\n");
  look();
  claude.forget();
  happen(child_started{1, 77, false});
  EXPECT_EQ(claude.take<child_input_grew>().end, 3u);
}

TEST_F(conversations, a_new_pipe_input_is_told_how_far_the_input_was_read) {
  start();
  host_says("in\n");
  input = make_probe(&peers_changed::pipe_input);
  introduce(talk);
  auto window = input.take<input_window>();
  EXPECT_EQ(window.taken, 3u);
  EXPECT_EQ(window.limit, 3 + bridge::small_window);
}

TEST_F(conversations, being_introduced_again_repeats_nothing) {
  start();
  protocol.give("c1\n");
  protocol.show("h1\n");
  look();
  claude.forget();
  input.forget();
  output.forget();
  introduce(talk);
  EXPECT_EQ(claude.names(), "");
  EXPECT_EQ(input.names(), "");
  EXPECT_EQ(output.names(), "");
}

TEST_F(conversations, what_could_not_be_dealt_with_is_there_for_the_next_one) {
  start();
  host_says("a\n");
  protocol.throws = true;
  host_says("b\n");
  EXPECT_FALSE(lives(talk));
  EXPECT_EQ(protocol.read_input, 2u);
  protocol.throws = false;
  start();
  EXPECT_EQ(protocol.read_input, 4u);
}

TEST_F(conversations, what_came_between_two_of_them_is_not_lost) {
  start();
  kill(talk);
  host_input.put("in\n");
  said.put("out\n");
  protocol.give("c1\n");
  claude.forget();
  output.forget();
  start();
  EXPECT_EQ(protocol.read_input, 3u);
  EXPECT_EQ(protocol.read_output, 4u);
  EXPECT_EQ(claude.take<child_input_grew>().end, 3u);
  EXPECT_EQ(output.take<host_output_grew>().end, 4u);
}

// -- what is wanted -----------------------------------------------------------

TEST_F(conversations, want_more_input_when_half_of_it_has_come) {
  start();
  input.forget();
  host_says(std::string(bridge::small_window / 2 - 1, 'x'));
  EXPECT_EQ(input.count<input_window>(), 0u);
  host_says("x");
  EXPECT_EQ(input.take<input_window>().limit, bridge::small_window * 3 / 2);
}

TEST_F(conversations, say_when_a_message_has_begun_or_ended) {
  start();
  input.forget();
  protocol.half = true;
  host_says("{\n");
  EXPECT_TRUE(input.take<input_window>().half);
  protocol.half = false;
  host_says("}\n");
  EXPECT_FALSE(input.take<input_window>().half);
}

TEST_F(conversations, say_when_a_cut_was_heard_of) {
  start();
  host_says("a\n");
  input.forget();
  host_input.put("half");
  protocol.holds_input = true;
  happen(input_grew{6, 6});
  EXPECT_EQ(input.count<input_window>(), 0u);
  protocol.holds_input = false;
  look();
  EXPECT_EQ(input.take<input_window>().taken, 6u);
}

TEST_F(conversations, want_more_output_when_most_of_it_has_come) {
  start();
  claude.forget();
  const std::uint64_t most = bridge::output_window - bridge::small_window;
  claude_says(std::string(most - 1, 'x'));
  EXPECT_EQ(claude.count<child_output_window>(), 0u);
  claude_says("x");
  EXPECT_EQ(claude.take<child_output_window>().limit,
            most + bridge::output_window);
}

TEST_F(conversations, let_go_of_logs_now_and_then) {
  start();
  auto before = protocol.times_released;
  claude_says(std::string(bridge::output_window - 1, 'x'));
  EXPECT_EQ(protocol.times_released, before);
  claude_says("x");
  EXPECT_EQ(protocol.times_released, before + 1);
}

TEST_F(conversations, status_tells_how_long_no_input_was_wanted) {
  start();
  protocol.holds_input = true;
  look();
  advance(300ms);
  EXPECT_EQ(
    ask<conversation_status>(talk, get_conversation_status{})->input_held,
    300ms);
}

TEST_F(conversations, what_a_full_disk_holds_back_is_tried_again) {
  start();
  said.full = to_child.full = "the disk is full";
  protocol.show("h1\n");
  protocol.give("c1\n");
  look();
  for (int i = 0; i < 10; ++i) {
    advance(conversation::retry_pause);
    ASSERT_EQ(pending_timers(), 1u);
  }
  EXPECT_EQ(output.count<host_output_grew>(), 0u);
  said.full.clear();
  to_child.full.clear();
  advance(conversation::retry_pause);
  EXPECT_EQ(output.take<host_output_grew>().end, 3u);
  EXPECT_EQ(claude.take<child_input_grew>().end, 3u);
  EXPECT_EQ(pending_timers(), 0u);
}

// -- the end ------------------------------------------------------------------

TEST_F(conversations, drained_and_child_gone_are_told_once) {
  start();
  happen(child_started{1, 77, false});
  happen(begin_drain{"SIGTERM"});
  EXPECT_EQ(shutdown.names(), " turn_drained");
  happen(interrupt_turn{});
  EXPECT_EQ(shutdown.count<turn_drained>(), 1u);
  happen(end_of_child());
  EXPECT_EQ(shutdown.names(), " turn_drained child_gone");
}

TEST_F(conversations, a_new_coordinator_that_asks_is_told_again) {
  protocol.wants = false;
  start();
  happen(begin_drain{"SIGTERM"});
  shutdown.forget();
  happen(begin_drain{"SIGTERM"});
  EXPECT_EQ(shutdown.names(), " turn_drained child_gone");
}

TEST_F(conversations, a_child_that_was_asked_for_is_not_gone) {
  start(); // asked for, not started yet
  happen(begin_drain{"SIGTERM"});
  EXPECT_EQ(shutdown.names(), " turn_drained");
  happen(child_started{1, 77, false});
  happen(end_of_child());
  EXPECT_EQ(shutdown.names(), " turn_drained child_gone");
}

TEST_F(conversations, the_flush_goes_behind_all_that_was_said) {
  start();
  protocol.last_words = "last words\n";
  happen(flush_output{});
  EXPECT_EQ(output.names(), " host_output_grew flush_output");
  EXPECT_EQ(output.take<host_output_grew>().end, 11u);
  look();
  EXPECT_EQ(output.count<flush_output>(), 1u);
}

TEST_F(conversations, a_flush_that_goes_on_closes_nothing) {
  start();
  happen(flush_output{true});
  EXPECT_FALSE(protocol.is_closed);
  EXPECT_EQ(output.count<flush_output>(), 1u);
}

TEST_F(conversations, a_flush_waits_for_a_pipe_output_to_be_there) {
  auto there = std::exchange(peers.pipe_output, nullptr);
  start();
  happen(flush_output{});
  peers.pipe_output = there;
  introduce(talk);
  EXPECT_EQ(output.count<flush_output>(), 1u);
}

TEST_F(conversations, the_end_of_the_input_begins_the_shutdown_once) {
  start();
  happen(input_grew{0, 0, true});
  auto begun = shutdown.take<begin_shutdown>();
  EXPECT_EQ(begun.reason, "input ended");
  EXPECT_EQ(begun.exit_code, 0);
  EXPECT_FALSE(begun.urgent);
  look();
  EXPECT_EQ(shutdown.names(), "");
}

TEST_F(conversations, a_new_coordinator_is_told_of_the_inputs_end_again) {
  start();
  kill(shutdown.handle());
  happen(input_grew{0, 0, true});
  shutdown = make_probe(&peers_changed::shutdown_coordinator);
  introduce(talk);
  EXPECT_EQ(shutdown.count<begin_shutdown>(), 1u);
}

TEST_F(conversations, a_new_coordinator_is_told_again_that_the_child_is_gone) {
  start();
  happen(child_started{1, 77, false});
  happen(begin_drain{"SIGTERM"});
  kill(shutdown.handle());
  happen(end_of_child());
  shutdown = make_probe(&peers_changed::shutdown_coordinator);
  introduce(talk);
  EXPECT_EQ(shutdown.count<child_gone>(), 1u);
}

TEST_F(conversations, a_status_is_fetched_from_the_health_monitor) {
  health.answer(health_report{"ready", "{\"state\":\"ready\"}"});
  start();
  protocol.status_asked = 1;
  look();
  EXPECT_EQ(protocol.answered, "{\"state\":\"ready\"}");
  EXPECT_EQ(health.count<get_health>(), 1u);
}

TEST_F(conversations, a_silent_health_monitor_gives_an_unknown_status) {
  start();
  health.fall_silent();
  protocol.status_asked = 1;
  look();
  advance(conversation::status_timeout - 1ms);
  EXPECT_EQ(protocol.answered, "");
  advance(1ms);
  EXPECT_EQ(protocol.answered, R"({"state":"unknown"})");
  EXPECT_EQ(log.field("status_unavailable", "reason"), "request_timeout");
}

TEST_F(conversations, faults_and_orders_reach_the_protocol) {
  start();
  happen(restart_scheduled{"claude_process", 1, 200ms, "r"});
  happen(restarts_exhausted{"claude_process", "x"});
  happen(interrupt_turn{});
  EXPECT_EQ(protocol.taken, "rxinterrupt");
}

TEST_F(conversations, without_anyone_to_end_it_in_order_it_ends_by_itself) {
  for (const auto* gone : {"shutdown_coordinator", "supervisor"}) {
    start();
    happen(restarts_exhausted{"health_monitor", "x"});
    EXPECT_FALSE(protocol.is_closed);
    happen(restarts_exhausted{gone, "x"});
    EXPECT_TRUE(protocol.is_drained);
    EXPECT_TRUE(protocol.is_closed);
    protocol.is_drained = protocol.is_closed = false;
  }
}

TEST_F(conversations, with_a_claude_that_stays_its_prompts_are_the_next_ones) {
  settings.leaves_claude = true;
  start();
  happen(child_started{1, 7, false});
  for (const auto* gone :
       {"claude_process", "shutdown_coordinator", "supervisor"})
    happen(restarts_exhausted{gone, "x"});
  EXPECT_EQ(protocol.taken, "");
  EXPECT_FALSE(protocol.is_closed);
  protocol.runs = false; // it crashes over and over
  happen(restarts_exhausted{"claude_process", "x"});
  EXPECT_EQ(protocol.taken, "x");
}

TEST_F(conversations, status_is_the_protocols) {
  start();
  EXPECT_EQ(ask<conversation_status>(talk, get_conversation_status{})->lines,
            42u);
}

TEST_F(conversations, status_tells_how_long_the_turn_lasts_and_is_silent) {
  start();
  protocol.turn_number = 1;
  host_says("a\n");
  advance(300ms);
  claude_says("x\n");
  advance(200ms);
  auto status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 500ms);
  EXPECT_EQ(status->silence, 200ms);
  protocol.turn_number = 0;
  claude_says("x\n");
  status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 0ms);
}

TEST_F(conversations, the_next_one_knows_since_when_the_turn_lasts) {
  start();
  protocol.turn_number = 1;
  host_says("a\n");
  advance(300ms);
  kill(talk);
  start();
  advance(200ms);
  auto status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 500ms);
}

} // namespace container_agent::test
