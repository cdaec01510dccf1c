#include "actors/pipe_input.hpp"

#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

namespace container_agent::test {

namespace {

class pipe_inputs : public actor_fixture {
public:
  fake_source source{events};
  line_reader reader{source, {}};
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  pipe_input_actor input;

  void start() {
    input = spawn<pipe_input>(reader, context);
    introduce(input);
  }

  void allow(std::uint64_t taken, std::uint64_t limit) {
    tell(input, host_line_window{taken, limit});
    settle();
  }

  std::vector<std::string> lines() {
    std::vector<std::string> result;
    for (const auto& line : conversation.take_all<host_line>())
      result.emplace_back(line.text.view());
    return result;
  }
};

using texts = std::vector<std::string>;

} // namespace

TEST_F(pipe_inputs, sends_lines_to_the_conversation) {
  start();
  allow(0, 10);
  source.give("one\ntwo\n");
  settle();
  auto all = conversation.take_all<host_line>();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].sequence, 1u);
  EXPECT_EQ(all[0].text, bytes{"one"});
  EXPECT_EQ(all[1].sequence, 2u);
}

TEST_F(pipe_inputs, reads_nothing_without_credit) {
  start();
  source.give("one\n");
  settle();
  EXPECT_EQ(lines(), texts{});
  EXPECT_FALSE(source.being_read());
}

TEST_F(pipe_inputs, sends_no_more_than_credit_allows) {
  start();
  source.give("one\ntwo\nthree\n");
  allow(0, 2);
  EXPECT_EQ(lines(), (texts{"one", "two"}));
  allow(1, 3);
  EXPECT_EQ(lines(), texts{"three"});
}

TEST_F(pipe_inputs, a_new_conversation_gets_again_what_was_not_taken) {
  start();
  source.give("one\ntwo\nthree\n");
  allow(0, 3);
  allow(1, 3);
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(input);
  EXPECT_EQ(lines(), (texts{"two", "three"}));
}

TEST_F(pipe_inputs, the_same_conversation_gets_nothing_twice) {
  start();
  source.give("one\n");
  allow(0, 3);
  introduce(input);
  EXPECT_EQ(lines(), texts{"one"});
}

TEST_F(pipe_inputs, a_new_incarnation_goes_on_where_the_last_one_was) {
  start();
  source.give("one\ntwo\nhal");
  allow(0, 1);
  kill(input);
  source.give("f\n"); // nobody looks
  settle();
  start();
  allow(1, 10);
  EXPECT_EQ(lines(), (texts{"one", "one", "two", "half"}))
    << "the first one again: it had not been taken";
}

TEST_F(pipe_inputs, bytes_that_were_being_read_at_its_end_are_not_lost) {
  start();
  allow(0, 10);
  ASSERT_TRUE(source.being_read());
  kill(input);
  source.give("one\n"); // goes to the read of the dead one
  settle();
  EXPECT_EQ(source.unread(), 0u);
  start();
  EXPECT_EQ(lines(), texts{"one"});
}

TEST_F(pipe_inputs, stopped_it_delivers_the_rest_and_the_end) {
  start();
  allow(0, 10);
  source.give("one\nhalf");
  settle();
  tell(input, stop_input{});
  settle();
  EXPECT_EQ(lines(), (texts{"one", "half"}));
  EXPECT_EQ(conversation.take<host_input_ended>().sequence, 3u);
  source.give("late\n");
  settle();
  EXPECT_EQ(lines(), texts{});
  EXPECT_TRUE(lives(input));
  EXPECT_EQ(log.count("input_stopped"), 1u);
}

TEST_F(pipe_inputs, ends_when_the_input_cannot_be_read) {
  start();
  allow(0, 10);
  source.fail(std::make_error_code(std::errc::io_error));
  settle();
  auto end = end_of(input);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end), "input_failed: reading the input pipe failed: "
                            "Input/output error");
}

TEST_F(pipe_inputs, the_next_one_tries_to_read_again) {
  start();
  allow(0, 10);
  source.fail(std::make_error_code(std::errc::io_error));
  settle();
  start();
  source.give("one\n");
  settle();
  EXPECT_EQ(lines(), texts{"one"});
}

TEST_F(pipe_inputs, without_a_conversation_lines_wait) {
  peers.conversation = nullptr;
  start();
  allow(0, 10);
  source.give("one\n");
  settle();
  peers.conversation = conversation.handle();
  introduce(input);
  EXPECT_EQ(lines(), texts{"one"});
}

TEST_F(pipe_inputs, credit_is_taken_back) {
  start();
  allow(0, 16);
  source.give("large\n");
  settle();
  EXPECT_EQ(lines(), texts{"large"});
  allow(1, 1);
  source.give("next\n");
  settle();
  EXPECT_EQ(lines(), texts{});
  allow(1, 2);
  EXPECT_EQ(lines(), texts{"next"});
}

namespace {

/// A source whose disk may be full.
class source_with_a_disk : public fake_source {
public:
  using fake_source::fake_source;

  std::string full;
  std::string trouble() const override { return full; }
};

class held_inputs : public pipe_inputs {
public:
  source_with_a_disk disk{events};
  line_reader held{disk, {}};

  void start_held() {
    input = spawn<pipe_input>(held, context);
    introduce(input);
    allow(0, 10);
  }

  void fill() {
    disk.full = "the disk is full";
    disk.fail(std::make_error_code(std::errc::no_space_on_device));
    settle();
  }
};

} // namespace

TEST_F(held_inputs, are_no_failure_and_go_on_with_what_comes_then) {
  start_held();
  fill();
  EXPECT_TRUE(lives(input));
  EXPECT_FALSE(disk.being_read()) << "again and again";
  EXPECT_EQ(ask<input_status>(input, get_input_status{})->trouble,
            "the disk is full");
  EXPECT_EQ(log.count("input_held"), 1U);
  disk.give("one\n");
  settle();
  EXPECT_EQ(lines(), texts{});
  disk.full.clear();
  advance(pipe_input::retry_pause);
  EXPECT_EQ(lines(), texts{"one"});
  EXPECT_EQ(log.count("input_goes_on"), 1U);
}

TEST_F(held_inputs, are_tried_again_as_long_as_it_takes) {
  start_held();
  fill();
  for (int i = 0; i < 100; ++i) {
    advance(pipe_input::retry_pause);
    ASSERT_TRUE(disk.being_read());
    fill();
    ASSERT_TRUE(lives(input));
  }
  EXPECT_EQ(log.count("input_held"), 1U);
}

} // namespace container_agent::test
