#include "main/fifo/fifo_reply_queue.hpp"

#include "test/fifo/fifo_fixture.hpp"

namespace container_agent::test {

namespace {

class fifo_reply_queue : public testing::Test {
public:
  storage::log log{of_replies()};
  runtime::fifo_reply_queue queue{log, 0};
  std::array<char, 8> buffer{};

  // What is dropped of a reply that was given up; `|` ends a reply.
  std::optional<std::uint64_t> give(std::string text) {
    std::replace(text.begin(), text.end(), '|', reply_end);
    log.append(text);
    return queue.give(log.end());
  }

  std::string next() { return std::string{queue.next(buffer)}; }
};

} // namespace

TEST_F(fifo_reply_queue, begins_empty) {
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pending(), 0u);
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.known(), 0u);
  EXPECT_EQ(queue.done(), 0u);
}

TEST_F(fifo_reply_queue, a_reply_can_be_written_while_it_grows) {
  give("abc");
  EXPECT_EQ(next(), "abc");
  queue.consume(2);
  EXPECT_EQ(next(), "c");
  give("def");
  EXPECT_EQ(queue.left(), 4u);
  queue.consume(2);
  EXPECT_EQ(next(), "ef");
  EXPECT_FALSE(queue.ended());
  EXPECT_FALSE(give("|"));
  EXPECT_TRUE(queue.ended());
  EXPECT_EQ(next(), "ef");
  EXPECT_EQ(queue.written(), 4u);
  EXPECT_EQ(queue.pending(), 2u);
}

TEST_F(fifo_reply_queue, replies_stay_apart) {
  give("one|two");
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.known(), 1u);
  EXPECT_EQ(queue.pending(), 6u);
  EXPECT_EQ(next(), "one");
  queue.consume(3);
  EXPECT_EQ(queue.position(), 0u);
  queue.pop();
  EXPECT_EQ(queue.position(), 4u);
  EXPECT_EQ(queue.done(), 1u);
  EXPECT_EQ(next(), "two");
  EXPECT_FALSE(queue.ended());
}

TEST_F(fifo_reply_queue, a_reply_may_be_empty) {
  give("|");
  EXPECT_FALSE(queue.empty());
  EXPECT_TRUE(queue.ended());
  EXPECT_EQ(queue.left(), 0u);
  EXPECT_EQ(queue.size(), 1u);
  queue.pop();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.position(), 1u);
}

TEST_F(fifo_reply_queue, a_limit_may_lie_anywhere) {
  log.append("one");
  log.append(end_of_reply);
  log.append("two");
  queue.give(2);
  EXPECT_EQ(next(), "on");
  EXPECT_FALSE(queue.ended());
  queue.give(3);
  EXPECT_FALSE(queue.ended());
  queue.give(4);
  EXPECT_TRUE(queue.ended());
  EXPECT_EQ(queue.size(), 1u);
  queue.give(1000); // more than there is
  EXPECT_EQ(queue.pending(), 6u);
}

TEST_F(fifo_reply_queue, a_long_reply_comes_in_parts) {
  std::string text(10'000, 'x');
  give(text + "|");
  std::string got;
  while (queue.left() > 0) {
    auto part = next();
    got += part;
    queue.consume(part.size());
  }
  EXPECT_EQ(got, text);
}

TEST_F(fifo_reply_queue, what_was_not_written_after_all_is_put_back) {
  give("abcdef");
  queue.consume(4);
  queue.put_back(2);
  EXPECT_EQ(next(), "cdef");
  EXPECT_EQ(queue.written(), 2u);
  EXPECT_EQ(queue.left(), 4u);
  EXPECT_EQ(queue.pending(), 4u);
}

TEST_F(fifo_reply_queue, the_rest_of_a_popped_reply_is_dropped_and_counted) {
  give("abc");
  queue.pop();
  EXPECT_EQ(queue.pending(), 0u);
  EXPECT_EQ(queue.size(), 0u);
  give("def");
  give("gh");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.position(), 0u);
  EXPECT_EQ(give("|next"), 5u);
  EXPECT_EQ(queue.position(), 9u);
  EXPECT_EQ(queue.known(), 1u);
  EXPECT_EQ(queue.done(), 1u); // once, not twice
  EXPECT_EQ(next(), "next");
  EXPECT_FALSE(give("|"));
}

TEST_F(fifo_reply_queue, a_popped_reply_that_had_ended_takes_nothing_along) {
  give("abc|");
  queue.pop();
  give("next");
  EXPECT_EQ(queue.pending(), 4u);
}

} // namespace container_agent::test
