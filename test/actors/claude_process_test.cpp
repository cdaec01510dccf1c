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
  launch({"s1", false, 1});
  ASSERT_EQ(child.launches.size(), 1u);
  auto started = conversation.take<child_started>();
  EXPECT_EQ(started.pid, child.pid());
  EXPECT_EQ(started.generation, 1u);
  EXPECT_TRUE(started.resumed);
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
  launch({"", false, 5});
  for (std::uint64_t sequence : {5, 5, 7, 6, 4})
    tell(process, child_input{sequence, bytes{std::to_string(sequence)}});
  settle();
  EXPECT_EQ(child.received(), "56");
}

TEST_F(claude_processes, grants_credit_for_input_while_the_child_reads) {
  start();
  launch();
  EXPECT_EQ(conversation.take<child_input_window>().limit, 4u);
  child.stdin_pipe().hold();
  bytes much{std::string(64 * 1024, 'x')};
  tell(process, child_input{1, much});
  settle();
  EXPECT_EQ(conversation.count<child_input_window>(), 0u);
  tell(process, child_input{2, much});
  settle();
  auto full = conversation.take<child_input_window>();
  EXPECT_EQ(full.taken, 2u);
  EXPECT_EQ(full.limit, 2u);
  child.stdin_pipe().let_go();
  settle();
  EXPECT_EQ(conversation.take<child_input_window>().limit, 6u);
}

TEST_F(claude_processes, what_its_child_has_taken_is_told_before_its_end) {
  start();
  launch();
  allow();
  conversation.forget();
  tell(process, child_input{1, bytes{std::string(64 * 1024, 'x')}});
  settle();
  EXPECT_EQ(conversation.names(), "");
  child.exit(0);
  settle();
  EXPECT_EQ(conversation.names(), " child_input_window child_ended");
  EXPECT_EQ(conversation.take<child_input_window>().taken, 1u);
}

TEST_F(claude_processes, input_after_its_childs_end_is_left_to_the_next_one) {
  start();
  launch();
  tell(process, child_input{1, bytes{"for the first"}});
  settle();
  child.exit(0);
  tell(process, child_input{2, bytes{"for the next"}});
  settle();
  EXPECT_EQ(child.received(), "for the first");
  EXPECT_EQ(link.from_conversation.taken(), 1u);
}

TEST_F(claude_processes, output_is_sent_as_far_as_credit_allows) {
  start();
  launch();
  child.say("one\n");
  settle();
  EXPECT_EQ(output(), "");
  tell(process, child_output_window{0, 1});
  settle();
  EXPECT_EQ(output(), "one\n");
  child.say("two\n");
  settle();
  EXPECT_EQ(output(), "");
  tell(process, child_output_window{1, 2});
  settle();
  EXPECT_EQ(output(), "two\n");
}

TEST_F(claude_processes, ends_with_the_child_once_all_was_taken) {
  start();
  launch();
  allow();
  child.say("last\n");
  child.die(SIGSEGV);
  settle();
  EXPECT_EQ(output(), "last\n");
  auto ended = conversation.take<child_ended>();
  EXPECT_EQ(ended.sequence, 2u);
  EXPECT_EQ(ended.signal, SIGSEGV);
  EXPECT_TRUE(lives(process)) << "nobody has taken it yet";
  allow(2);
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
  allow(1);
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
  allow(1);
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
  allow(1);
  EXPECT_EQ(output(), "one\nhalf\n") << "one again: it had not been taken";
  tell(process, child_input{1, bytes{"in"}});
  settle();
  EXPECT_EQ(child.received(), "in");
}

TEST_F(claude_processes, an_end_between_two_incarnations_is_not_missed) {
  start();
  launch();
  allow();
  kill(process);
  child.exit(0);
  settle();
  conversation.forget();
  start();
  EXPECT_EQ(conversation.count<child_ended>(), 1u);
  allow(1);
  EXPECT_FALSE(lives(process));
}

TEST_F(claude_processes, a_new_conversation_gets_all_that_was_not_taken) {
  start();
  launch();
  allow();
  child.say("one\n");
  settle();
  child.say("two\n");
  settle();
  allow(1);
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(process);
  EXPECT_EQ(conversation.take<child_started>().generation, 1u);
  EXPECT_EQ(output(), "two\n");
  EXPECT_EQ(conversation.take<child_input_window>().limit, 4u);
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
  tell(process, child_input{1, bytes{"unread\n"}});
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
