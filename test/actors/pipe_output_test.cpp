#include "actors/output/pipe_output.hpp"

#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

#include <optional>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

/// An output of whose bytes some wait in the FIFO.
class outlet_with_a_fifo : public fake_host_outlet {
public:
  using fake_host_outlet::fake_host_outlet;

  std::size_t in_fifo = 0;
  std::size_t unread() const override { return in_fifo; }
};

class pipe_outputs : public actor_fixture {
public:
  memory_log shown;
  outlet_with_a_fifo outlet{events, shown};
  std::optional<pipe_output_resources> resources; ///< since the first start
  pipe_output_config settings;
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  probe<shutdown_coordinator_actor> shutdown
    = make_probe(&peers_changed::shutdown_coordinator);
  pipe_output_actor output;

  void start() {
    if (!resources)
      resources.emplace(outlet);
    output = spawn<pipe_output>(std::ref(*resources), settings, context);
    introduce(output);
  }

  /// The host shall have all up to `end`.
  void show(std::uint64_t end) {
    tell(output, host_output_grew{end, {}});
    settle();
  }

  void say(std::string_view text) {
    shown.put(text);
    show(shown.end());
  }

  /// A whole reply, where the output is opened once a reply.
  void reply(std::string text) { say(text + reply_end); }

  std::uint64_t waiting() {
    return ask<output_status>(output, get_output_status{})->pending_bytes;
  }
};

} // namespace

TEST_F(pipe_outputs, let_go_of_what_they_are_told_of) {
  start();
  say("a\n");
  say("b\n");
  EXPECT_EQ(outlet.written(), "a\nb\n");
}

TEST_F(pipe_outputs, keep_what_they_were_not_told_of) {
  start();
  say("a\n");
  shown.put("b\n");
  settle();
  EXPECT_EQ(outlet.written(), "a\n");
}

TEST_F(pipe_outputs, news_that_come_late_or_twice_do_no_harm) {
  start();
  shown.put("a\nb\n");
  for (auto end : {4, 2, 4})
    show(static_cast<std::uint64_t>(end));
  EXPECT_EQ(outlet.written(), "a\nb\n");
}

TEST_F(pipe_outputs, what_was_struck_does_not_go) {
  start();
  shown.put("a\nb\nc\n");
  shown.strike(2, 4);
  show(6);
  EXPECT_EQ(outlet.written(), "a\nc\n");
}

TEST_F(pipe_outputs, tell_now_and_then_how_far_the_host_has_it) {
  start();
  say(std::string(pipe_output::told_step - 1, 'x'));
  EXPECT_EQ(conversation.count<host_output_window>(), 0u);
  say("x");
  EXPECT_EQ(conversation.take<host_output_window>().taken,
            pipe_output::told_step);
  say("x");
  EXPECT_EQ(conversation.count<host_output_window>(), 0u);
}

TEST_F(pipe_outputs, tell_it_as_well_when_a_host_reads_on) {
  start();
  outlet.hold();
  say(std::string(pipe_output::told_step, 'x'));
  EXPECT_EQ(conversation.count<host_output_window>(), 0u);
  outlet.resume();
  settle();
  EXPECT_EQ(conversation.take<host_output_window>().taken,
            pipe_output::told_step);
}

TEST_F(pipe_outputs, a_new_conversation_is_told_how_far_the_host_has_it) {
  start();
  say(std::string(pipe_output::told_step + 1, 'x'));
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(output);
  EXPECT_EQ(conversation.take<host_output_window>().taken,
            pipe_output::told_step + 1);
}

TEST_F(pipe_outputs, a_new_incarnation_goes_on_where_the_last_one_was) {
  start();
  say("a\n");
  outlet.hold();
  say("b\n");
  kill(output);
  outlet.resume();
  start();
  show(2); // late
  say("c\n");
  EXPECT_EQ(outlet.written(), "a\nb\nc\n");
}

TEST_F(pipe_outputs, what_went_between_two_incarnations_is_noticed) {
  start();
  outlet.hold();
  say(std::string(pipe_output::told_step, 'x'));
  kill(output);
  outlet.resume();
  settle();
  start();
  EXPECT_EQ(conversation.take<host_output_window>().taken,
            pipe_output::told_step);
}

TEST_F(pipe_outputs, end_when_the_output_cannot_be_written) {
  start();
  outlet.fail(std::make_error_code(std::errc::no_space_on_device));
  settle();
  auto end = end_of(output);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end), "output_failed: writing the output pipe failed: "
                            "No space left on device");
}

// -- the end ------------------------------------------------------------------

TEST_F(pipe_outputs, say_flushed_at_once_if_nothing_waits) {
  start();
  tell(output, flush_output{});
  settle();
  shutdown.take<output_flushed>();
}

TEST_F(pipe_outputs, say_flushed_once_all_has_gone) {
  start();
  outlet.hold();
  say("a\n");
  tell(output, flush_output{});
  settle();
  EXPECT_EQ(shutdown.count<output_flushed>(), 0u);
  outlet.resume();
  settle();
  EXPECT_EQ(shutdown.count<output_flushed>(), 1u);
  EXPECT_EQ(conversation.take<host_output_window>().taken, 2u);
}

// -- status -------------------------------------------------------------------

TEST_F(pipe_outputs, status_tells_what_waits) {
  start();
  outlet.hold();
  say("abc");
  auto status = ask<output_status>(output, get_output_status{});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pending_bytes, 3u);
  EXPECT_EQ(status->dropped_replies, 0u);
}

TEST_F(pipe_outputs, status_tells_what_the_host_has_read) {
  shown.put("before");
  outlet.let_go(6); // by an earlier agent
  start();
  say("abcd");
  outlet.in_fifo = 3;
  auto status = ask<output_status>(output, get_output_status{});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->unread_bytes, 3u);
  EXPECT_EQ(status->read_bytes, 1u) << "since the agent's start";
  EXPECT_EQ(status->read_to, 7u);
  outlet.in_fifo = 9; // some of that is an earlier agent's
  status = ask<output_status>(output, get_output_status{});
  EXPECT_EQ(status->read_bytes, 0u);
  EXPECT_EQ(status->read_to, 1u);
}

// -- a reply an open ----------------------------------------------------------

TEST_F(pipe_outputs, a_reply_goes_to_a_reader_of_its_own) {
  start();
  outlet.hold();
  say("one ");
  reply("reply\n");
  reply("two\n");
  outlet.read_reply();
  outlet.read_reply();
  EXPECT_EQ(outlet.replies(),
            (std::vector<std::string>{"one reply\n", "two\n"}));
}

TEST_F(pipe_outputs, a_reply_that_nobody_reads_is_dropped_after_its_time) {
  settings.reply_timeout = 1000ms;
  start();
  outlet.hold();
  reply("one\n");
  advance(999ms);
  EXPECT_EQ(waiting(), 5u);
  advance(1ms);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(log.field("reply_dropped", "bytes"), "4");
  EXPECT_EQ(ask<output_status>(output, get_output_status{})->dropped_replies,
            1u);
}

TEST_F(pipe_outputs, each_reply_has_its_own_time) {
  settings.reply_timeout = 1000ms;
  start();
  outlet.hold();
  reply("one\n");
  advance(600ms);
  reply("two\n");
  advance(400ms);
  EXPECT_EQ(waiting(), 5u) << "the second one still waits";
  advance(600ms);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(log.count("reply_dropped"), 2u);
}

TEST_F(pipe_outputs, a_reply_that_was_read_in_time_is_not_dropped) {
  settings.reply_timeout = 1000ms;
  start();
  outlet.hold();
  reply("one\n");
  reply("two\n");
  outlet.read_reply();
  advance(1000ms);
  EXPECT_EQ(outlet.replies(), std::vector<std::string>{"one\n"});
  EXPECT_EQ(log.count("reply_dropped"), 1u) << "only the second one";
}

TEST_F(pipe_outputs, a_new_incarnation_still_drops_an_old_reply) {
  settings.reply_timeout = 1000ms;
  start();
  outlet.hold();
  reply("one\n");
  kill(output);
  start();
  advance(1000ms);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(log.count("reply_dropped"), 1u);
}

TEST_F(pipe_outputs, without_a_timeout_a_reply_waits_for_ever) {
  start();
  outlet.hold();
  reply("one\n");
  advance(600'000ms);
  EXPECT_EQ(waiting(), 5u);
}

TEST(pipe_output_config, is_checked) {
  EXPECT_EQ(pipe_output_config{}.validate(), "");
  EXPECT_NE((pipe_output_config{-1ms}.validate()), "");
}

} // namespace container_agent::test
