#include "actors/child/child_link.hpp"
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

const launch_child resume_s1{"s1"};
const launch_child start_anew{"", true};

class child_links : public testing::Test {
public:
  port_events events;
  memory_log to_child;
  memory_log said;
  fake_child child{events, to_child, said};
  fake_clock clock;
  counting_random random;
  recording_log log;
  child_link_config settings{{"claude", {"-p"}, {}, {}}};
  std::uint64_t limit = 1'000'000'000; ///< of what is wanted of its output

  child_link& link() {
    if (!link_) {
      link_.emplace(child, said, settings, actor_context{clock, random, log});
      link_->on_change([this] { ++notified; });
    }
    return *link_;
  }

  void launch(const launch_child& how = {}) {
    EXPECT_FALSE(link().launch(how).error);
    run();
  }

  void run() {
    link().advance(limit);
    while (events.run_one())
      link().advance(limit);
  }

  /// All that children have said.
  std::string output() {
    run();
    return std::string{said.text()};
  }

  /// How the child has ended.
  child_ended end() {
    run();
    EXPECT_TRUE(link().concluded());
    return link().last_end();
  }

  /// The child's stdin shall get this, too.
  void give(std::string_view text) {
    to_child.put(text);
    link().give_input(to_child.end());
  }

  std::size_t notified = 0;

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

TEST_F(child_links, what_the_child_says_is_in_the_log) {
  launch();
  child.say("a\nb\nhalf");
  EXPECT_EQ(output(), "a\nb\nhalf");
  child.say(" done\n");
  EXPECT_EQ(output(), "a\nb\nhalf done\n");
  EXPECT_EQ(link().output_end(), 14u);
}

TEST_F(child_links, a_read_that_throws_is_tried_again) {
  EXPECT_FALSE(link().launch({}).error);
  child.stdout_pipe().throws = 1;
  child.say("a\n");
  EXPECT_THROW(link().advance(limit), std::runtime_error);
  EXPECT_EQ(output(), "a\n");
}

TEST_F(child_links, nothing_is_read_that_nobody_wants) {
  limit = 0;
  launch();
  child.say("a\n");
  run();
  EXPECT_FALSE(child.stdout_pipe().being_read());
  EXPECT_EQ(child.stdout_pipe().unread(), 2u);
  limit = 1;
  EXPECT_EQ(output(), "a\n");
  EXPECT_FALSE(child.stdout_pipe().being_read());
}

TEST_F(child_links, a_full_disk_holds_the_output_until_it_is_tried_again) {
  launch();
  said.full = "the disk is full";
  child.say("a\n");
  EXPECT_EQ(output(), "");
  EXPECT_TRUE(link().held());
  EXPECT_FALSE(child.stdout_pipe().being_read()) << "again and again";
  EXPECT_EQ(log.count("output_held"), 1u);
  said.full.clear();
  link().retry();
  EXPECT_EQ(output(), "a\n");
  EXPECT_FALSE(link().held());
}

TEST_F(child_links, an_end_waits_for_what_a_full_disk_holds_back) {
  launch();
  said.full = "the disk is full";
  child.say("last\n");
  child.exit(0);
  run();
  EXPECT_FALSE(link().concluded());
  said.full.clear();
  link().retry();
  EXPECT_EQ(end().end, 5u);
  EXPECT_EQ(output(), "last\n");
}

TEST_F(child_links, the_end_comes_behind_all_output) {
  launch();
  child.say("a\nb\n");
  child.exit(3);
  auto ended = end();
  EXPECT_EQ(output(), "a\nb\n");
  EXPECT_EQ(ended.generation, 1u);
  EXPECT_EQ(ended.end, 4u);
  EXPECT_EQ(ended.pid, child.pid());
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_FALSE(ended.asked);
}

TEST_F(child_links, no_child_has_ended_at_first) {
  launch();
  EXPECT_EQ(link().last_end().generation, 0u);
}

TEST_F(child_links, an_unfinished_line_is_left_as_it_is) {
  launch();
  child.say("a\nhalf");
  child.die(SIGSEGV);
  auto ended = end();
  EXPECT_EQ(output(), "a\nhalf");
  EXPECT_EQ(ended.end, 6u);
  EXPECT_EQ(ended.signal, SIGSEGV);
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
  EXPECT_FALSE(link().concluded());
  link().abandon_output();
  EXPECT_EQ(end().exit_code, 0);
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
  EXPECT_TRUE(end().asked);
}

TEST_F(child_links, a_signal_is_a_request_to_end_too) {
  launch();
  EXPECT_FALSE(link().signal_group(SIGTERM));
  EXPECT_THAT(child.signals, ElementsAre(SIGTERM));
  child.exit(143);
  EXPECT_TRUE(end().asked);
}

TEST_F(child_links, the_next_child_begins_with_a_clean_slate) {
  launch();
  link().close_input();
  child.say("old\n");
  child.exit(0);
  end();
  link().reset();
  EXPECT_FALSE(link().occupied());
  to_child.put("four\nnext\n");
  launch({"", false, 5});
  EXPECT_EQ(link().description().generation, 2u);
  EXPECT_EQ(link().description().input_from, 5u);
  EXPECT_FALSE(link().asked_to_end());
  child.say("new\n");
  EXPECT_EQ(output(), "old\nnew\n");
  give("");
  EXPECT_EQ(child.received(), "next\n");
}

// -- its stdin ----------------------------------------------------------------

TEST_F(child_links, stdin_gets_what_it_is_allowed) {
  launch();
  to_child.put("a\nb\n");
  link().give_input(2);
  EXPECT_EQ(child.received(), "a\n");
  EXPECT_EQ(link().input_position(), 2u);
  link().give_input(4);
  link().give_input(2); // late
  EXPECT_EQ(child.received(), "b\n");
}

TEST_F(child_links, somebody_is_told_when_stdin_takes_more) {
  launch();
  child.stdin_pipe().hold();
  give("a\n");
  run();
  EXPECT_EQ(link().input_position(), 0u);
  auto before = notified;
  child.stdin_pipe().resume();
  run();
  EXPECT_GT(notified, before);
  EXPECT_EQ(link().input_position(), 2u);
}

TEST_F(child_links, a_child_that_is_gone_or_told_to_end_gets_nothing_more) {
  launch();
  link().close_input();
  give("late\n");
  EXPECT_EQ(child.received(), "");
  child.exit(0);
  give("later\n");
  run();
  EXPECT_EQ(child.received(), "");
}

TEST_F(child_links, a_child_that_closed_its_stdin_is_killed) {
  launch();
  child.stdin_pipe().fail(std::make_error_code(std::errc::broken_pipe));
  auto ended = end();
  EXPECT_EQ(ended.signal, SIGKILL);
  EXPECT_FALSE(ended.asked) << "that is a fault";
  EXPECT_EQ(log.count("stdin_lost"), 1u);
}

TEST_F(child_links, a_raw_child_may_close_its_stdin) {
  settings.raw = true;
  launch();
  child.stdin_pipe().fail(std::make_error_code(std::errc::broken_pipe));
  run();
  EXPECT_TRUE(link().running());
  EXPECT_EQ(log.count("stdin_lost"), 1u);
}

TEST_F(child_links, a_guest_that_is_let_go_leaves_what_it_has_not_got) {
  child.guest = true;
  launch();
  child.stdin_pipe().hold();
  give("unread\n");
  EXPECT_EQ(link().let_go(), 7u);
  EXPECT_EQ(end().kind, exit_kind::detached);
}

// -- its stderr ---------------------------------------------------------------

TEST_F(child_links, stderr_is_logged_line_by_line_whatever_is_wanted) {
  limit = 0;
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
