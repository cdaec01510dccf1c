#include "actors/input/pipe_input.hpp"

#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

namespace container_agent::test {

namespace {

class pipe_inputs : public actor_fixture {
public:
  memory_log host;
  fake_inlet source{events, host};
  pipe_input_resources resources{source, host, false};
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  pipe_input_actor input;

  void start() {
    input = spawn<pipe_input>(std::ref(resources), context);
    introduce(input);
  }

  /// The conversation has read up to `taken`, and wants no more than `limit`.
  void allow(std::uint64_t taken, std::uint64_t limit, bool half = false) {
    tell(input, input_window{taken, limit, half});
    settle();
  }

  /// What the conversation was told last of how far the input goes.
  input_grew told() {
    auto all = conversation.take_all<input_grew>();
    return all.empty() ? input_grew{} : all.back();
  }
};

} // namespace

TEST_F(pipe_inputs, move_what_comes_into_the_log_and_say_so) {
  start();
  allow(0, 100);
  source.give("one\ntwo\n");
  settle();
  EXPECT_EQ(host.text(), "one\ntwo\n");
  auto news = told();
  EXPECT_EQ(news.end, 8u);
  EXPECT_EQ(news.cut_at, 0u);
  EXPECT_FALSE(news.ended);
}

TEST_F(pipe_inputs, move_nothing_that_nobody_wants) {
  start();
  source.give("one\n");
  settle();
  EXPECT_EQ(host.text(), "");
  EXPECT_FALSE(source.being_read());
}

TEST_F(pipe_inputs, move_no_more_than_is_wanted_and_a_pipes_worth) {
  start();
  allow(0, read_size);
  source.give(std::string(3 * read_size, 'x'));
  settle();
  EXPECT_EQ(host.end(), read_size);
  allow(read_size, read_size + 1);
  EXPECT_EQ(host.end(), 2 * read_size);
  EXPECT_FALSE(source.being_read());
}

TEST_F(pipe_inputs, a_new_conversation_is_told_how_far_the_input_goes) {
  start();
  allow(0, 100);
  source.give("one\n");
  settle();
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(input);
  EXPECT_EQ(told().end, 4u);
}

TEST_F(pipe_inputs, without_a_conversation_the_input_waits_in_the_log) {
  peers.conversation = nullptr;
  start();
  allow(0, 100);
  source.give("one\n");
  settle();
  peers.conversation = conversation.handle();
  introduce(input);
  EXPECT_EQ(told().end, 4u);
}

TEST_F(pipe_inputs, the_same_conversation_is_told_nothing_twice) {
  start();
  allow(0, 100);
  source.give("one\n");
  settle();
  conversation.forget();
  introduce(input);
  EXPECT_EQ(conversation.count<input_grew>(), 0u);
}

TEST_F(pipe_inputs, a_new_incarnation_goes_on_where_the_last_one_was) {
  start();
  allow(0, 100);
  source.give("one\nhal");
  settle();
  kill(input);
  source.give("f\n"); // nobody looks
  settle();
  EXPECT_EQ(host.text(), "one\nhal");
  start();
  EXPECT_EQ(told().end, 7u);
  allow(4, 100);
  EXPECT_EQ(host.text(), "one\nhalf\n");
}

TEST_F(pipe_inputs, bytes_that_come_at_its_end_are_not_lost) {
  start();
  allow(0, 100);
  ASSERT_TRUE(source.being_read());
  source.give("one\n"); // on its way when the actor dies
  kill(input);
  start();
  allow(0, 100);
  EXPECT_EQ(host.text(), "one\n");
}

TEST_F(pipe_inputs, a_move_that_throws_is_tried_again_by_the_next_one) {
  source.throws = 1;
  start();
  source.give("one\n");
  allow(0, 100);
  EXPECT_FALSE(lives(input));
  start();
  allow(0, 100);
  EXPECT_EQ(host.text(), "one\n");
}

// -- writers that leave -------------------------------------------------------

TEST_F(pipe_inputs, writers_come_and_go_unnoticed_between_lines) {
  start();
  allow(0, 100);
  source.give("a\n");
  source.end();
  settle();
  EXPECT_FALSE(source.reports_end());
  source.give("b\n");
  settle();
  EXPECT_EQ(host.text(), "a\nb\n");
  EXPECT_EQ(told().cut_at, 0u);
}

TEST_F(pipe_inputs, a_writer_that_leaves_within_a_line_cuts_it) {
  start();
  allow(0, 100);
  source.give("a\nhalf");
  settle();
  EXPECT_TRUE(source.reports_end()) << "half a line must not wait for ever";
  source.end();
  settle();
  EXPECT_EQ(told().cut_at, 6u);
}

TEST_F(pipe_inputs, what_comes_behind_a_cut_waits_until_it_was_heard_of) {
  start();
  allow(0, 100);
  source.give("half");
  settle();
  source.end();
  settle();
  source.give("next\n");
  allow(2, 100);
  EXPECT_EQ(host.text(), "half");
  allow(4, 100);
  EXPECT_EQ(host.text(), "halfnext\n");
  EXPECT_FALSE(source.reports_end());
}

TEST_F(pipe_inputs, half_a_message_is_cut_at_the_end_of_a_line_too) {
  start();
  allow(0, 100);
  source.give("{\n");
  settle();
  EXPECT_FALSE(source.reports_end());
  allow(0, 100, true);
  source.give("\n");
  settle();
  EXPECT_TRUE(source.reports_end());
  source.end();
  settle();
  EXPECT_EQ(told().cut_at, 3u);
}

TEST_F(pipe_inputs, with_exit_on_eof_the_last_writer_ends_the_input) {
  resources.exit_on_eof = true;
  start();
  allow(0, 100);
  source.give("a\nhalf");
  source.end();
  settle();
  auto news = told();
  EXPECT_EQ(news.end, 6u);
  EXPECT_EQ(news.cut_at, 6u);
  EXPECT_TRUE(news.ended);
  source.give("late\n");
  allow(6, 100);
  EXPECT_EQ(host.text(), "a\nhalf");
}

// -- the end ------------------------------------------------------------------

TEST_F(pipe_inputs, stopped_it_tells_the_end_and_moves_no_more) {
  start();
  allow(0, 100);
  source.give("one\nhalf");
  settle();
  tell(input, stop_input{});
  settle();
  auto news = told();
  EXPECT_EQ(news.end, 8u);
  EXPECT_TRUE(news.ended);
  EXPECT_FALSE(source.being_read());
  source.give("late\n");
  allow(8, 100);
  EXPECT_EQ(host.text(), "one\nhalf");
  EXPECT_TRUE(lives(input));
  EXPECT_EQ(log.count("input_stopped"), 1u);
}

TEST_F(pipe_inputs, stopped_twice_it_ends_once) {
  start();
  tell(input, stop_input{});
  tell(input, stop_input{true});
  settle();
  EXPECT_EQ(log.count("input_stopped"), 1u);
  EXPECT_TRUE(told().ended);
}

TEST_F(pipe_inputs, stopped_to_go_on_it_leaves_half_a_line_to_the_next_agent) {
  start();
  allow(0, 100);
  source.give("half");
  settle();
  tell(input, stop_input{true});
  settle();
  EXPECT_FALSE(told().ended);
  EXPECT_FALSE(source.being_read());
}

TEST_F(pipe_inputs, a_new_conversation_is_told_of_the_end_too) {
  start();
  tell(input, stop_input{});
  settle();
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(input);
  EXPECT_TRUE(told().ended);
}

TEST_F(pipe_inputs, a_new_incarnation_stays_stopped) {
  start();
  tell(input, stop_input{});
  settle();
  kill(input);
  start();
  EXPECT_TRUE(told().ended);
  allow(0, 100);
  EXPECT_FALSE(source.being_read());
}

// -- trouble ------------------------------------------------------------------

TEST_F(pipe_inputs, end_when_the_input_cannot_be_read) {
  start();
  allow(0, 100);
  source.fail(std::make_error_code(std::errc::io_error));
  settle();
  auto end = end_of(input);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end), "input_failed: reading the input pipe failed: "
                            "Input/output error");
}

TEST_F(pipe_inputs, the_next_one_tries_to_read_again) {
  start();
  allow(0, 100);
  source.fail(std::make_error_code(std::errc::io_error));
  settle();
  start();
  allow(0, 100);
  EXPECT_TRUE(lives(input));
  source.give("one\n");
  settle();
  EXPECT_EQ(host.text(), "one\n");
}

TEST_F(pipe_inputs, tell_what_waits_in_the_kernel) {
  start();
  source.give("12345");
  EXPECT_EQ(ask<input_status>(input, get_input_status{})->unread_bytes, 5u);
}

TEST_F(pipe_inputs, a_full_disk_is_no_failure_and_the_input_waits_for_room) {
  start();
  allow(0, 100);
  host.full = "the disk is full";
  source.give("one\n");
  settle();
  EXPECT_TRUE(lives(input));
  EXPECT_FALSE(source.being_read()) << "again and again";
  EXPECT_EQ(ask<input_status>(input, get_input_status{})->trouble,
            "the disk is full");
  EXPECT_EQ(log.count("input_held"), 1u);
  host.full.clear();
  settle();
  EXPECT_EQ(host.text(), "");
  advance(pipe_input::retry_pause);
  EXPECT_EQ(host.text(), "one\n");
  EXPECT_EQ(log.count("input_goes_on"), 1u);
}

TEST_F(pipe_inputs, a_full_disk_is_tried_again_as_long_as_it_takes) {
  start();
  allow(0, 100);
  host.full = "the disk is full";
  source.give("one\n");
  for (int i = 0; i < 100; ++i) {
    advance(pipe_input::retry_pause);
    ASSERT_TRUE(lives(input));
    ASSERT_EQ(pending_timers(), 1u);
  }
  EXPECT_EQ(log.count("input_held"), 1u);
  host.full.clear();
  advance(pipe_input::retry_pause);
  EXPECT_EQ(host.text(), "one\n");
  EXPECT_EQ(pending_timers(), 0u);
}

TEST_F(pipe_inputs, a_new_incarnation_tries_a_full_disk_again) {
  start();
  allow(0, 100);
  host.full = "the disk is full";
  source.give("one\n");
  settle();
  kill(input);
  start();
  allow(0, 100);
  host.full.clear();
  advance(pipe_input::retry_pause);
  EXPECT_EQ(host.text(), "one\n");
}

} // namespace container_agent::test
