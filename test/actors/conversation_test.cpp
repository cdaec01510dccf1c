#include "test/actors/conversation_fixture.hpp"

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

} // namespace

TEST_F(conversations, asks_for_a_child_and_gives_credit_at_the_start) {
  start();
  EXPECT_EQ(claude.take<launch_child>().session_id, "s1");
  EXPECT_EQ(input.take<host_line_window>().limit, 3u);
  EXPECT_EQ(claude.take<child_output_window>().limit, 2u);
}

TEST_F(conversations, asks_for_no_child_if_none_is_wanted) {
  protocol.wants = false;
  start();
  EXPECT_EQ(claude.count<launch_child>(), 0u);
}

TEST_F(conversations, takes_each_delivery_once_and_says_so) {
  start();
  input.forget();
  happen(line(1, "a"));
  happen(line(1, "a"));
  happen(line(3, "c"));
  happen(line(2, "b"));
  EXPECT_EQ(protocol.taken, "ab");
  auto windows = input.take_all<host_line_window>();
  ASSERT_EQ(windows.size(), 4u) << "those that were not expected, too";
  EXPECT_EQ(windows[2].taken, 1u);
  EXPECT_EQ(windows[3].taken, 2u);
  EXPECT_EQ(windows[3].limit, 5u);
}

TEST_F(conversations, takes_the_childs_output_the_same_way) {
  start();
  claude.forget();
  happen(child_output{1, bytes{"a"}, true});
  happen(child_output{1, bytes{"a"}, true});
  EXPECT_EQ(protocol.taken, "a");
  EXPECT_EQ(claude.take<child_output_window>().taken, 1u);
}

TEST_F(conversations, sends_on_what_the_protocol_says_as_credit_allows) {
  start();
  protocol.to_host.push({0, bytes{"h1"}, false});
  protocol.to_host.push({0, bytes{"h2"}, false});
  protocol.to_child.push({0, bytes{"c1"}});
  happen(host_output_window{0, 1});
  happen(child_input_window{0, 1});
  EXPECT_EQ(output.take<host_output>().data, bytes{"h1"});
  EXPECT_EQ(output.count<host_output>(), 0u);
  EXPECT_EQ(claude.take<child_input>().data, bytes{"c1"});
  happen(host_output_window{1, 2});
  EXPECT_EQ(output.take<host_output>().data, bytes{"h2"});
}

TEST_F(conversations, a_new_pipe_output_gets_again_what_was_not_taken) {
  start();
  protocol.to_host.push({0, bytes{"h1"}, false});
  protocol.to_host.push({0, bytes{"h2"}, false});
  happen(host_output_window{0, 8});
  happen(host_output_window{1, 9});
  output = make_probe(&peers_changed::pipe_output);
  introduce(talk);
  EXPECT_EQ(output.take<host_output>().data, bytes{"h2"});
  EXPECT_EQ(output.count<host_output>(), 0u);
}

TEST_F(conversations, a_new_claude_process_is_asked_for_a_child_first) {
  start();
  protocol.to_child.push({0, bytes{"c1"}});
  happen(child_input_window{0, 4});
  claude = make_probe(&peers_changed::claude_process);
  introduce(talk);
  EXPECT_EQ(claude.names(), " launch_child child_input child_output_window");
}

TEST_F(conversations, a_new_pipe_input_is_given_credit) {
  start();
  input = make_probe(&peers_changed::pipe_input);
  introduce(talk);
  EXPECT_EQ(input.take<host_line_window>().limit, 3u);
}

TEST_F(conversations, being_introduced_again_repeats_nothing) {
  start();
  claude.forget();
  input.forget();
  introduce(talk);
  EXPECT_EQ(claude.names(), "");
  EXPECT_EQ(input.names(), "");
}

TEST_F(conversations, a_delivery_that_throws_comes_again_to_the_next_one) {
  start();
  happen(line(1, "a"));
  protocol.throws = true;
  happen(line(2, "b"));
  EXPECT_FALSE(lives(talk));
  protocol.throws = false;
  start();
  auto window = input.take_all<host_line_window>().back();
  EXPECT_EQ(window.taken, 1u) << "b was not dealt with";
  happen(line(2, "b"));
  EXPECT_EQ(protocol.taken, "ab");
}

TEST_F(conversations, drained_and_child_gone_are_told_once) {
  start();
  happen(child_started{1, 77, false});
  happen(begin_drain{"SIGTERM"});
  EXPECT_EQ(shutdown.names(), " turn_drained");
  happen(interrupt_turn{});
  EXPECT_EQ(shutdown.count<turn_drained>(), 1u);
  happen(child_ended{1, 77, 0, 0, true, 0});
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
  happen(child_ended{1, 77, 0, 0, true, 0});
  EXPECT_EQ(shutdown.names(), " turn_drained child_gone");
}

TEST_F(conversations, the_flush_goes_behind_all_that_was_said) {
  start();
  protocol.to_host.push({0, bytes{"last words"}, false});
  happen(flush_output{});
  EXPECT_EQ(output.count<flush_output>(), 0u) << "not even sent yet";
  happen(host_output_window{0, 8});
  EXPECT_EQ(output.count<flush_output>(), 0u) << "not taken yet";
  happen(host_output_window{1, 9});
  EXPECT_EQ(output.names(), " host_output host_output flush_output")
    << "sent again, to be told that it was taken";
  happen(host_output_window{1, 10});
  EXPECT_EQ(output.count<flush_output>(), 1u);
}

TEST_F(conversations, what_is_said_before_the_flush_is_sent_once) {
  start();
  happen(host_output_window{0, 8});
  happen(host_input_ended{1});
  protocol.to_host.push({0, bytes{"an answer"}, false});
  happen(child_input_window{0, 1});
  EXPECT_EQ(output.names(), " host_output");
}

TEST_F(conversations, with_nothing_left_to_say_the_flush_goes_at_once) {
  start();
  happen(flush_output{});
  EXPECT_EQ(output.count<flush_output>(), 1u);
}

TEST_F(conversations, the_end_of_the_input_begins_the_shutdown_once) {
  start();
  happen(host_input_ended{1});
  auto begun = shutdown.take<begin_shutdown>();
  EXPECT_EQ(begun.reason, "input ended");
  EXPECT_EQ(begun.exit_code, 0);
  EXPECT_FALSE(begun.urgent);
  happen(host_output_window{0, 8});
  EXPECT_EQ(shutdown.names(), "");
}

TEST_F(conversations, a_new_coordinator_is_told_of_the_inputs_end_again) {
  start();
  kill(shutdown.handle());
  happen(host_input_ended{1});
  shutdown = make_probe(&peers_changed::shutdown_coordinator);
  introduce(talk);
  EXPECT_EQ(shutdown.count<begin_shutdown>(), 1u);
}

TEST_F(conversations, a_new_coordinator_is_told_again_that_the_child_is_gone) {
  start();
  happen(child_started{1, 77, false});
  happen(begin_drain{"SIGTERM"});
  kill(shutdown.handle());
  happen(child_ended{1, 77, 0, 0, true, 0});
  shutdown = make_probe(&peers_changed::shutdown_coordinator);
  introduce(talk);
  EXPECT_EQ(shutdown.count<child_gone>(), 1u);
}

TEST_F(conversations, a_status_is_fetched_from_the_health_monitor) {
  health.answer(health_report{"ready", "{\"state\":\"ready\"}"});
  start();
  protocol.status_asked = 1;
  happen(host_output_window{0, 8});
  EXPECT_EQ(protocol.answered, "{\"state\":\"ready\"}");
  EXPECT_EQ(health.count<get_health>(), 1u);
}

TEST_F(conversations, a_silent_health_monitor_gives_an_unknown_status) {
  start();
  health.fall_silent();
  protocol.status_asked = 1;
  happen(host_output_window{0, 8});
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
  happen(line(1, "a"));
  advance(300ms);
  happen(child_output{1, bytes{"x\n"}, true});
  advance(200ms);
  auto status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 500ms);
  EXPECT_EQ(status->silence, 200ms);
  protocol.turn_number = 0;
  happen(child_output{2, bytes{"x\n"}, true});
  status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 0ms);
}

TEST_F(conversations, the_next_one_knows_since_when_the_turn_lasts) {
  start();
  protocol.turn_number = 1;
  happen(line(1, "a"));
  advance(300ms);
  kill(talk);
  start();
  advance(200ms);
  auto status = ask<conversation_status>(talk, get_conversation_status{});
  EXPECT_EQ(status->turn_age, 500ms);
}

} // namespace container_agent::test
