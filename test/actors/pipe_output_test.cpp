#include "actors/pipe_output.hpp"

#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

class pipe_outputs : public actor_fixture {
public:
  fake_host_sink sink{events};
  pipe_output_resources resources{sink, {}, 0, 0};
  pipe_output_config settings;
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  probe<shutdown_coordinator_actor> shutdown
    = make_probe(&peers_changed::shutdown_coordinator);
  pipe_output_actor output;

  void start() {
    output = spawn<pipe_output>(std::ref(resources), settings, context);
    introduce(output);
  }

  void say(std::uint64_t sequence, std::string text, bool ends_reply = false) {
    tell(output, host_output{sequence, bytes{std::move(text)}, ends_reply});
    settle();
  }

  /// The last credit that the conversation was given.
  host_output_window credit() {
    auto all = conversation.take_all<host_output_window>();
    return all.empty() ? host_output_window{} : all.back();
  }
};

} // namespace

TEST_F(pipe_outputs, writes_what_it_gets_in_order) {
  start();
  say(1, "a\n");
  say(2, "b\n");
  EXPECT_EQ(sink.written(), "a\nb\n");
}

TEST_F(pipe_outputs, writes_nothing_twice_and_nothing_too_early) {
  start();
  say(1, "a\n");
  say(1, "a\n");
  say(3, "c\n");
  say(2, "b\n");
  EXPECT_EQ(sink.written(), "a\nb\n");
}

TEST_F(pipe_outputs, gives_credit_at_the_start_and_when_half_is_used) {
  start();
  EXPECT_EQ(credit().limit, 8u);
  for (auto piece : {1, 2, 3})
    say(piece, "a\n");
  EXPECT_EQ(conversation.count<host_output_window>(), 0u);
  say(4, "a\n");
  auto next = credit();
  EXPECT_EQ(next.taken, 4u);
  EXPECT_EQ(next.limit, 12u);
}

TEST_F(pipe_outputs, what_it_has_already_is_answered_at_once) {
  start();
  credit();
  say(1, "a\n");
  EXPECT_EQ(conversation.count<host_output_window>(), 0u);
  say(1, "a\n");
  EXPECT_EQ(credit().taken, 1u);
  EXPECT_EQ(sink.written(), "a\n");
}

TEST_F(pipe_outputs, gives_no_credit_while_too_much_waits) {
  start();
  sink.hold();
  EXPECT_EQ(credit().limit, 8u);
  say(1, std::string(pipe_output::max_pending - 1, 'x'));
  say(2, "x");
  auto full = credit();
  EXPECT_EQ(full.taken, 2u);
  EXPECT_EQ(full.limit, 2u);
  sink.let_go();
  settle();
  EXPECT_EQ(credit().limit, 10u);
}

TEST_F(pipe_outputs, a_new_conversation_is_given_credit) {
  start();
  say(1, "a\n");
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(output);
  EXPECT_EQ(credit().taken, 1u);
}

TEST_F(pipe_outputs, a_new_incarnation_remembers_what_it_has_written) {
  start();
  say(1, "a\n");
  kill(output);
  start();
  EXPECT_EQ(credit().taken, 1u);
  say(1, "a\n"); // sent again
  say(2, "b\n");
  EXPECT_EQ(sink.written(), "a\nb\n");
}

TEST_F(pipe_outputs, ends_when_the_output_cannot_be_written) {
  start();
  sink.fail(std::make_error_code(std::errc::no_space_on_device));
  settle();
  auto end = end_of(output);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end), "output_failed: writing the output pipe failed: "
                            "No space left on device");
}

TEST_F(pipe_outputs, says_flushed_at_once_if_nothing_waits) {
  start();
  tell(output, flush_output{});
  settle();
  shutdown.take<output_flushed>();
}

TEST_F(pipe_outputs, says_flushed_once_all_is_written) {
  start();
  sink.hold();
  say(1, "a\n");
  tell(output, flush_output{});
  settle();
  EXPECT_EQ(shutdown.count<output_flushed>(), 0u);
  sink.let_go();
  settle();
  EXPECT_EQ(shutdown.count<output_flushed>(), 1u);
}

TEST_F(pipe_outputs, status_tells_what_waits) {
  start();
  sink.hold();
  say(1, "abc");
  auto status = ask<output_status>(output, get_output_status{});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pending_bytes, 3u);
  EXPECT_EQ(status->dropped_replies, 0u);
}

// -- a reply an open ----------------------------------------------------------

TEST_F(pipe_outputs, a_reply_ends_where_it_should) {
  start();
  say(1, "one ");
  say(2, "reply\n", true);
  say(3, "two\n", true);
  EXPECT_EQ(sink.replies(), (std::vector<std::string>{"one reply\n", "two\n"}));
}

TEST_F(pipe_outputs, a_reply_that_nobody_reads_is_dropped_after_its_time) {
  settings.reply_timeout = 1000ms;
  start();
  sink.hold();
  say(1, "one\n", true);
  advance(999ms);
  EXPECT_EQ(sink.pending(), 4u);
  advance(1ms);
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(log.field("reply_dropped", "bytes"), "4");
  EXPECT_EQ(ask<output_status>(output, get_output_status{})->dropped_replies,
            1u);
}

TEST_F(pipe_outputs, each_reply_has_its_own_time) {
  settings.reply_timeout = 1000ms;
  start();
  sink.hold();
  say(1, "one\n", true);
  advance(600ms);
  say(2, "two\n", true);
  advance(400ms);
  EXPECT_EQ(sink.pending(), 4u) << "the second one still waits";
  advance(600ms);
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(log.count("reply_dropped"), 2u);
}

TEST_F(pipe_outputs, a_reply_that_was_read_in_time_is_not_dropped) {
  settings.reply_timeout = 1000ms;
  start();
  sink.hold();
  say(1, "one\n", true);
  say(2, "two\n", true);
  sink.read_reply();
  advance(1000ms);
  EXPECT_EQ(sink.replies(), std::vector<std::string>{"one\n"});
  EXPECT_EQ(log.count("reply_dropped"), 1u) << "only the second one";
}

TEST_F(pipe_outputs, a_new_incarnation_still_drops_an_old_reply) {
  settings.reply_timeout = 1000ms;
  start();
  sink.hold();
  say(1, "one\n", true);
  kill(output);
  start();
  advance(1000ms);
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(log.count("reply_dropped"), 1u);
}

TEST_F(pipe_outputs, without_a_timeout_a_reply_waits_for_ever) {
  start();
  sink.hold();
  say(1, "one\n", true);
  advance(600'000ms);
  EXPECT_EQ(sink.pending(), 4u);
}

TEST(pipe_output_config, is_checked) {
  EXPECT_EQ(pipe_output_config{}.validate(), "");
  EXPECT_NE((pipe_output_config{-1ms}.validate()), "");
}

} // namespace container_agent::test
