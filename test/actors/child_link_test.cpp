#include "actors/child_link.hpp"
#include "test/actors/outboxes.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/recording_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

namespace container_agent::test {

namespace {

using arguments = std::vector<std::string>;
using testing::ElementsAre;

const launch_child resume_s1{"s1", false, 1};
const launch_child start_anew{"", true, 1};

class child_links : public testing::Test {
public:
  port_events events;
  fake_child child{events};
  fake_clock clock;
  counting_random random;
  recording_log log;
  child_link_config settings{{"claude", {"-p"}, {}, {}}};

  child_link& link() {
    if (!link_) {
      link_.emplace(child, settings, actor_context{clock, random, log});
      link_->on_change([this] { ++notified; });
      link_->to_conversation.update(plain_window{0, no_limit});
    }
    return *link_;
  }

  void launch(const launch_child& how = {}) {
    EXPECT_FALSE(link().launch(how).error);
    run();
  }

  void run() {
    link().advance();
    while (events.run_one())
      link().advance();
  }

  /// What came of the child's output, all pieces in one.
  std::string output() {
    run();
    std::string result;
    while (const auto* item = link().to_conversation.next())
      if (const auto* piece = std::get_if<child_output>(item))
        result += piece->data.view();
      else
        end = std::get<child_ended>(*item);
    return result;
  }

  std::size_t notified = 0;
  std::optional<child_ended> end;

private:
  std::optional<child_link> link_;
};

} // namespace

// -- arguments ----------------------------------------------------------------

TEST(session_arguments, the_first_launch_takes_them_as_they_are) {
  arguments given{"-p", "--resume", "s0", "--continue", "--model", "x"};
  EXPECT_EQ(session_arguments(given, {}), given);
}

TEST(session_arguments, a_known_session_is_resumed) {
  EXPECT_THAT(session_arguments({"-p"}, resume_s1),
              ElementsAre("-p", "--resume", "s1"));
}

TEST(session_arguments, what_picks_another_session_is_taken_out) {
  for (const auto& given : std::vector<arguments>{
         {"--resume", "s0"},
         {"-r", "s0"},
         {"--resume=s0"},
         {"--continue"},
         {"-c"},
         {"--session-id", "s0"},
         {"--session-id=s0"},
         {"--resume", "s0", "--fork-session"},
       }) {
    auto with = given;
    with.insert(with.begin(), "-p");
    with.push_back("--verbose");
    EXPECT_THAT(session_arguments(with, resume_s1),
                ElementsAre("-p", "--verbose", "--resume", "s1"))
      << testing::PrintToString(given);
    EXPECT_THAT(session_arguments(with, start_anew),
                ElementsAre("-p", "--verbose"))
      << testing::PrintToString(given);
  }
}

TEST(session_arguments, resume_without_a_value_eats_no_option) {
  EXPECT_THAT(session_arguments({"--resume", "--verbose"}, resume_s1),
              ElementsAre("--verbose", "--resume", "s1"));
  EXPECT_THAT(session_arguments({"--verbose", "-r"}, start_anew),
              ElementsAre("--verbose"));
}

TEST(session_in, finds_what_is_resumed_by_its_id) {
  EXPECT_EQ(session_in({"-p", "--resume", "s0"}), "s0");
  EXPECT_EQ(session_in({"-r", "s0"}), "s0");
  EXPECT_EQ(session_in({"--resume=s0"}), "s0");
  EXPECT_EQ(session_in({"--resume", "--verbose"}), "");
  EXPECT_EQ(session_in({"--resume"}), "");
  EXPECT_EQ(session_in({"--session-id", "s0"}), "");
  EXPECT_EQ(session_in({}), "");
}

// -- a child's life -----------------------------------------------------------

TEST_F(child_links, a_launch_runs_the_command_that_was_configured) {
  settings.command.environment = {"A=b"};
  settings.command.directory = "/work";
  launch(resume_s1);
  ASSERT_EQ(child.launches.size(), 1u);
  EXPECT_EQ(child.launches[0].program, "claude");
  EXPECT_THAT(child.launches[0].arguments, ElementsAre("-p", "--resume", "s1"));
  EXPECT_THAT(child.launches[0].environment, ElementsAre("A=b"));
  EXPECT_EQ(child.launches[0].directory, "/work");
  EXPECT_TRUE(link().occupied());
  EXPECT_TRUE(link().description().resumed);
  EXPECT_EQ(link().description().generation, 1u);
}

TEST_F(child_links, a_launch_that_fails_says_why_and_leaves_room) {
  child.launch_error = std::make_error_code(std::errc::permission_denied);
  child.launch_what = "cannot run claude";
  auto result = link().launch({});
  EXPECT_EQ(result.what, "cannot run claude");
  EXPECT_FALSE(link().occupied());
  launch();
  EXPECT_EQ(link().description().generation, 1u);
}

TEST_F(child_links, whole_lines_come_out_together) {
  launch();
  child.say("a\nb\nhalf");
  EXPECT_EQ(output(), "a\nb\n");
  child.say(" done\n");
  EXPECT_EQ(output(), "half done\n");
}

TEST_F(child_links, a_read_that_throws_is_tried_again) {
  EXPECT_FALSE(link().launch({}).error);
  child.stdout_pipe().throws = 1;
  child.say("a\n");
  EXPECT_THROW(link().advance(), std::runtime_error);
  EXPECT_EQ(output(), "a\n");
}

TEST_F(child_links, nothing_is_read_without_credit) {
  link().to_conversation = {};
  launch();
  child.say("a\n");
  run();
  EXPECT_FALSE(child.stdout_pipe().being_read());
  EXPECT_EQ(child.stdout_pipe().unread(), 2u);
  link().to_conversation.update(plain_window{0, 1});
  EXPECT_EQ(output(), "a\n");
}

TEST_F(child_links, a_line_over_the_limit_comes_in_pieces) {
  settings.max_held_line = 10;
  launch();
  child.say("0123456789abc");
  EXPECT_EQ(output(), "0123456789abc");
  child.say("def\nshort");
  EXPECT_EQ(output(), "def\n");
}

TEST_F(child_links, raw_output_is_passed_on_as_it_comes) {
  settings.raw = true;
  launch();
  child.say("half");
  EXPECT_EQ(output(), "half");
}

TEST_F(child_links, the_end_comes_behind_all_output) {
  launch();
  child.say("a\nb\n");
  child.exit(3);
  EXPECT_EQ(output(), "a\nb\n");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->pid, child.pid());
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->signal, 0);
  EXPECT_FALSE(end->asked);
  EXPECT_EQ(end->cut_bytes, 0u);
  EXPECT_TRUE(link().concluded());
}

TEST_F(child_links, an_unfinished_line_is_counted_as_cut) {
  launch();
  child.say("a\nhalf");
  child.die(SIGSEGV);
  EXPECT_EQ(output(), "a\n");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->cut_bytes, 4u);
  EXPECT_EQ(end->signal, SIGSEGV);
}

TEST_F(child_links, an_unfinished_line_that_was_begun_is_ended) {
  settings.max_held_line = 3;
  launch();
  child.say("long line");
  child.exit(0);
  EXPECT_EQ(output(), "long line\n");
  EXPECT_EQ(end->cut_bytes, 0u);
}

TEST_F(child_links, what_the_child_left_behind_is_killed_with_it) {
  launch();
  child.exit(0);
  run();
  EXPECT_THAT(child.signals, ElementsAre(SIGKILL));
}

TEST_F(child_links, output_that_stays_open_lingers_until_abandoned) {
  child.output_stays_open = true;
  launch();
  child.say("a\n");
  child.exit(0);
  EXPECT_EQ(output(), "a\n");
  EXPECT_TRUE(link().lingers());
  EXPECT_TRUE(link().awaits_output());
  EXPECT_FALSE(end);
  link().abandon_output();
  output();
  ASSERT_TRUE(end);
  EXPECT_FALSE(link().lingers());
  EXPECT_EQ(log.count("output_abandoned"), 1u);
}

TEST_F(child_links, nothing_is_abandoned_while_the_child_runs) {
  launch();
  link().abandon_output();
  EXPECT_FALSE(link().concluded());
}

TEST_F(child_links, an_end_that_was_asked_for_says_so) {
  launch();
  link().close_input();
  EXPECT_TRUE(child.input_closed());
  child.exit(1);
  output();
  EXPECT_TRUE(end->asked);
}

TEST_F(child_links, a_signal_is_a_request_to_end_too) {
  launch();
  EXPECT_FALSE(link().signal_group(SIGTERM));
  EXPECT_THAT(child.signals, ElementsAre(SIGTERM));
  child.exit(143);
  output();
  EXPECT_TRUE(end->asked);
}

TEST_F(child_links, the_next_child_begins_with_a_clean_slate) {
  launch();
  link().close_input();
  child.say("half");
  child.exit(0);
  output();
  link().reset();
  EXPECT_FALSE(link().occupied());
  launch({"", false, 5});
  EXPECT_EQ(link().description().generation, 2u);
  EXPECT_FALSE(link().asked_to_end());
  EXPECT_TRUE(link().from_conversation.expects(5));
  child.say("new\n");
  EXPECT_EQ(output(), "new\n");
}

TEST_F(child_links, input_credit_ends_while_a_pipe_full_waits) {
  launch();
  EXPECT_GT(link().input_credit(), 0u);
  child.stdin_pipe().hold();
  link().write(bytes{std::string(64 * 1024 - 1, 'x')});
  EXPECT_GT(link().input_credit(), 0u);
  link().write(bytes{"x"});
  EXPECT_EQ(link().input_credit(), 0u);
  child.stdin_pipe().let_go();
  EXPECT_GT(link().input_credit(), 0u);
}

TEST_F(child_links, without_a_child_there_is_no_input_credit) {
  EXPECT_EQ(link().input_credit(), 0u);
  launch();
  child.exit(0);
  run();
  EXPECT_EQ(link().input_credit(), 0u);
}

TEST_F(child_links, a_child_that_closed_its_stdin_is_killed) {
  launch();
  child.stdin_pipe().fail(std::make_error_code(std::errc::broken_pipe));
  output();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->signal, SIGKILL);
  EXPECT_FALSE(end->asked) << "that is a fault";
  EXPECT_EQ(log.count("stdin_lost"), 1u);
}

TEST_F(child_links, a_raw_child_may_close_its_stdin) {
  settings.raw = true;
  launch();
  child.stdin_pipe().fail(std::make_error_code(std::errc::broken_pipe));
  run();
  EXPECT_TRUE(link().running());
}

TEST_F(child_links, stderr_is_logged_line_by_line_whatever_the_credit) {
  link().to_conversation = {};
  launch();
  child.complain("one\ntw");
  run();
  EXPECT_EQ(log.field("claude_stderr", "text"), "one");
  child.complain("o\n");
  run();
  EXPECT_EQ(log.field("claude_stderr", "text"), "two");
  EXPECT_EQ(log.count("claude_stderr"), 2u);
}

TEST_F(child_links, stderr_without_line_feed_is_logged_at_the_end) {
  launch();
  child.complain("last words");
  child.exit(1);
  run();
  EXPECT_EQ(log.field("claude_stderr", "text"), "last words");
}

TEST_F(child_links, a_flood_on_stderr_is_told_by_its_size) {
  launch();
  child.complain(std::string(1'000'000, 'x') + "\nend\n");
  run();
  EXPECT_EQ(log.count("claude_stderr"), 2u);
  EXPECT_EQ(log.records.front().fields.at("left_out_bytes"), "1000000");
  EXPECT_EQ(log.field("claude_stderr", "text"), "end");
}

TEST_F(child_links, whoever_is_interested_is_told_of_changes) {
  launch();
  child.say("a\n");
  run();
  EXPECT_EQ(notified, 1u);
  child.exit(0);
  run();
  EXPECT_GE(notified, 3u) << "the exit, and the end of the output";
}

TEST(child_link_config, is_checked) {
  EXPECT_NE(child_link_config{}.validate(), "");
  EXPECT_EQ((child_link_config{{"claude", {}, {}, {}}}.validate()), "");
}

} // namespace container_agent::test
