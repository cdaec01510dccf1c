#include "test/actors/claude_process_fixture.hpp"

#include "messages/errors.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

} // namespace

TEST_F(claude_processes, launches_nothing_by_itself) {
  start();
  EXPECT_TRUE(child.launches.empty());
  EXPECT_EQ(conversation.names(), "");
}

TEST_F(claude_processes, launches_and_says_so) {
  start();
  launch({"s1", false, 3});
  ASSERT_EQ(child.launches.size(), 1u);
  auto started = conversation.take<child_started>();
  EXPECT_EQ(started.pid, child.pid());
  EXPECT_EQ(started.generation, 1u);
  EXPECT_TRUE(started.resumed);
  EXPECT_EQ(started.input_from, 3u);
}

TEST_F(claude_processes, a_second_launch_only_describes_the_child) {
  start();
  launch();
  launch();
  EXPECT_EQ(child.launches.size(), 1u);
  EXPECT_EQ(conversation.count<child_started>(), 2u);
}

TEST_F(claude_processes, ends_when_the_child_cannot_be_started) {
  start();
  child.launch_error = std::make_error_code(std::errc::permission_denied);
  child.launch_what = "cannot run /bin/claude: permission denied";
  launch();
  auto end = end_of(process);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end),
            "launch_failed: cannot run /bin/claude: permission denied");
  EXPECT_EQ(conversation.count<child_started>(), 0u);
}

TEST_F(claude_processes, input_reaches_the_child_once_and_in_order) {
  start();
  to_child.put("of another one\n");
  launch({"", false, to_child.end()});
  to_child.put("5\n6\n");
  for (std::uint64_t end : {17, 17, 19, 15}) {
    tell(process, child_input_grew{end, {}});
    settle();
  }
  EXPECT_EQ(child.received(), "5\n6\n");
}

TEST_F(claude_processes, tells_what_the_child_has_got) {
  start();
  launch();
  give("one\n");
  EXPECT_EQ(conversation.take<child_input_window>().taken, 4u);
  child.stdin_pipe().hold();
  give("two\n");
  EXPECT_EQ(conversation.count<child_input_window>(), 0u);
  child.stdin_pipe().resume();
  settle();
  EXPECT_EQ(conversation.take<child_input_window>().taken, 8u);
}

TEST_F(claude_processes, what_its_child_has_got_is_told_before_its_end) {
  start();
  launch();
  allow();
  child.stdin_pipe().hold();
  give("one\n");
  conversation.forget();
  child.stdin_pipe().resume();
  child.exit(0);
  settle();
  EXPECT_EQ(conversation.names(), " child_input_window child_ended");
  EXPECT_EQ(conversation.take<child_input_window>().taken, 4u);
}

TEST_F(claude_processes, input_after_its_childs_end_is_left_to_the_next_one) {
  child.attach_only = true;
  start();
  launch();
  allow();
  give("for the first\n");
  EXPECT_EQ(child.received(), "for the first\n");
  child.exit(0);
  settle();
  give("for the next\n");
  EXPECT_EQ(child.received(), "");
  launch({"", false, 14, 1});
  give("");
  EXPECT_EQ(child.received(), "for the next\n");
}

TEST_F(claude_processes, output_is_read_as_far_as_it_is_wanted) {
  start();
  launch();
  child.say("one\n");
  settle();
  EXPECT_EQ(output(), "");
  tell(process, child_output_window{1});
  settle();
  EXPECT_EQ(output(), "one\n");
  child.say("two\n");
  settle();
  EXPECT_EQ(output(), "");
  tell(process, child_output_window{5});
  settle();
  EXPECT_EQ(output(), "two\n");
}

TEST_F(claude_processes, what_others_say_in_its_log_is_not_told_as_its_own) {
  start();
  launch();
  allow();
  output_log.append("a record\n");
  give("one\n");
  EXPECT_EQ(conversation.count<child_output_grew>(), 0u);
}

TEST_F(claude_processes, ends_with_the_child_once_all_it_said_is_in_the_log) {
  start();
  launch();
  child.say("last\n");
  child.die(SIGSEGV);
  settle();
  EXPECT_TRUE(lives(process)) << "nobody wants to hear it yet";
  EXPECT_EQ(conversation.count<child_ended>(), 0u);
  allow();
  EXPECT_EQ(output(), "last\n");
  auto ended = conversation.take<child_ended>();
  EXPECT_EQ(ended.generation, 1u);
  EXPECT_EQ(ended.end, 5u);
  EXPECT_EQ(ended.signal, SIGSEGV);
  auto end = end_of(process);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end), "child_ended: ended by signal 11");
}

TEST_F(claude_processes, an_exit_is_told_with_its_code) {
  start();
  launch();
  allow();
  child.exit(3);
  settle();
  EXPECT_EQ(describe(end_of(process).value()),
            "child_ended: ended with exit code 3");
}

TEST_F(claude_processes, ends_in_peace_if_the_child_was_asked_to) {
  start();
  launch();
  allow();
  tell(process, close_child_input{});
  settle();
  EXPECT_TRUE(child.input_closed());
  child.exit(1);
  settle();
  EXPECT_TRUE(conversation.take<child_ended>().asked);
  EXPECT_EQ(end_of(process), caf::error{});
}

TEST_F(claude_processes, signals_go_to_the_group) {
  start();
  launch();
  tell(process, signal_child{SIGTERM});
  settle();
  EXPECT_THAT(child.signals, ElementsAre(SIGTERM));
  EXPECT_EQ(log.field("group_signalled", "signal"), "15");
}

TEST_F(claude_processes, a_signal_without_a_child_goes_nowhere) {
  start();
  tell(process, signal_child{SIGTERM});
  settle();
  EXPECT_TRUE(child.signals.empty());
  EXPECT_TRUE(lives(process));
}

TEST_F(claude_processes, a_new_incarnation_adopts_the_child) {
  start();
  launch();
  allow();
  child.say("one\nhal");
  settle();
  kill(process);
  child.say("f\n");
  settle();
  conversation.forget();
  start();
  launch({"", false, 9});
  EXPECT_EQ(child.launches.size(), 1u);
  EXPECT_EQ(conversation.take<child_started>().generation, 1u);
  allow();
  EXPECT_EQ(output(), "one\nhalf\n");
  give("in\n");
  EXPECT_EQ(child.received(), "in\n");
}

TEST_F(claude_processes, what_was_given_between_two_incarnations_is_not_lost) {
  start();
  launch();
  give("one\n");
  kill(process);
  to_child.put("two\n"); // told to nobody
  start();
  give("three\n");
  EXPECT_EQ(child.received(), "one\ntwo\nthree\n");
}

TEST_F(claude_processes, an_end_between_two_incarnations_is_not_missed) {
  start();
  launch();
  allow();
  kill(process);
  child.say("last\n");
  child.exit(0);
  settle();
  conversation.forget();
  start();
  allow();
  EXPECT_EQ(output(), "last\n");
  EXPECT_EQ(conversation.count<child_ended>(), 1u);
  EXPECT_FALSE(lives(process));
}

TEST_F(claude_processes, an_end_is_told_again_by_the_next_one) {
  start();
  launch();
  allow();
  child.exit(3);
  settle();
  EXPECT_FALSE(lives(process));
  conversation.forget();
  start();
  EXPECT_EQ(conversation.take<child_ended>().exit_code, 3);
  EXPECT_EQ(conversation.count<child_started>(), 0u);
}

TEST_F(claude_processes, an_end_that_was_not_heard_of_is_told_before_a_launch) {
  start();
  launch();
  allow();
  child.exit(3);
  settle();
  conversation.forget();
  start();
  conversation.forget(); // as if it had died over it
  launch({"", false, 0, 0});
  EXPECT_EQ(child.launches.size(), 1u);
  EXPECT_EQ(conversation.take<child_ended>().generation, 1u);
  launch({"", false, 0, 1});
  EXPECT_EQ(child.launches.size(), 2u);
}

TEST_F(claude_processes, a_new_conversation_is_told_of_the_child_and_its_logs) {
  start();
  launch();
  allow();
  child.say("one\n");
  settle();
  give("in\n");
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(process);
  EXPECT_EQ(conversation.take<child_started>().generation, 1u);
  EXPECT_EQ(conversation.take<child_output_grew>().end, 4u);
  EXPECT_EQ(conversation.take<child_input_window>().taken, 3u);
}

TEST_F(claude_processes, a_full_disk_holds_the_output_until_there_is_room) {
  start();
  launch();
  allow();
  output_log.full = "the disk is full";
  child.say("one\n");
  for (int i = 0; i < 10; ++i) {
    advance(claude_process::retry_pause);
    ASSERT_EQ(pending_timers(), 1u);
  }
  EXPECT_EQ(output(), "");
  EXPECT_TRUE(lives(process));
  kill(process); // and the next one knows
  start();
  allow();
  output_log.full.clear();
  advance(claude_process::retry_pause);
  EXPECT_EQ(output(), "one\n");
}

TEST_F(claude_processes, output_held_open_by_others_is_given_up) {
  start();
  launch();
  allow();
  child.output_stays_open = true;
  child.exit(0);
  settle();
  EXPECT_EQ(conversation.count<child_ended>(), 0u);
  advance(claude_process::linger_timeout - 1ms);
  EXPECT_EQ(conversation.count<child_ended>(), 0u);
  advance(1ms);
  EXPECT_EQ(conversation.count<child_ended>(), 1u);
  EXPECT_EQ(log.count("output_abandoned"), 1u);
}

TEST_F(claude_processes, lingering_output_that_goes_on_is_not_given_up) {
  start();
  launch();
  allow();
  child.output_stays_open = true;
  child.exit(0);
  advance(claude_process::linger_timeout - 1ms);
  child.say("still here\n");
  advance(2ms);
  EXPECT_EQ(output(), "still here\n");
  EXPECT_EQ(conversation.count<child_ended>(), 0u);
  advance(claude_process::linger_timeout);
  EXPECT_EQ(conversation.count<child_ended>(), 1u);
}

TEST_F(claude_processes, a_host_that_does_not_read_gives_nothing_up) {
  start();
  launch();
  child.output_stays_open = true;
  child.say("waits\n");
  child.exit(0);
  advance(claude_process::linger_timeout * 4);
  EXPECT_EQ(conversation.count<child_ended>(), 0u);
  allow();
  EXPECT_EQ(output(), "waits\n");
}

TEST_F(claude_processes, status_tells_of_the_child) {
  start();
  EXPECT_FALSE(ask<child_status>(process, get_child_status{})->running);
  launch();
  auto status = ask<child_status>(process, get_child_status{});
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->running);
  EXPECT_EQ(status->pid, child.pid());
  EXPECT_EQ(status->generation, 1u);
}

TEST_F(claude_processes, a_guest_that_does_not_read_is_let_go_and_not_killed) {
  child.guest = true;
  start();
  launch();
  child.stdin_pipe().hold();
  give("unread\n");
  tell(process, close_child_input{});
  settle();
  EXPECT_TRUE(child.running());
  tell(process, signal_child{SIGTERM});
  settle();
  EXPECT_THAT(child.signals, testing::Not(testing::Contains(SIGTERM)));
  EXPECT_EQ(child.exit_status().kind, exit_kind::detached);
  EXPECT_EQ(log.field("claude_let_go", "unwritten_bytes"), "7");
}

TEST_F(claude_processes, a_child_that_outlives_sigkill_counts_as_ended) {
  start();
  launch();
  allow();
  child.outlives_kill = true;
  tell(process, renew_child{"stalled", true, true});
  settle();
  advance(claude_process::kill_timeout - 1ms);
  EXPECT_TRUE(child.running());
  advance(1ms);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(log.count("claude_outlives_kill"), 1u);
  EXPECT_EQ(conversation.count<child_ended>(), 1u);
}

TEST_F(claude_processes, nobody_is_killed_harder_who_has_ended) {
  start();
  launch();
  allow();
  tell(process, renew_child{"stalled", true, true});
  settle();
  advance(claude_process::kill_timeout * 2);
  EXPECT_EQ(log.count("claude_outlives_kill"), 0u);
}

} // namespace container_agent::test
