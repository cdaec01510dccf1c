#include "main/runtime/fifo_reply_queue.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using runtime::fifo_reply_queue;

TEST(fifo_reply_queue, begins_empty) {
  fifo_reply_queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pending(), 0u);
  EXPECT_EQ(queue.done(), 0u);
}

TEST(fifo_reply_queue, a_reply_can_be_written_while_it_grows) {
  fifo_reply_queue queue;
  queue.give(bytes{"abc"});
  EXPECT_EQ(queue.next().view(), "abc");
  queue.take(2);
  EXPECT_EQ(queue.next().view(), "c");
  queue.give(bytes{"def"});
  EXPECT_EQ(queue.left(), 4u);
  queue.take(2); // over the border of two pieces
  EXPECT_EQ(queue.next().view(), "ef");
  EXPECT_FALSE(queue.ended());
  EXPECT_EQ(queue.end(), 0u);
  EXPECT_TRUE(queue.ended());
  EXPECT_EQ(queue.written(), 4u);
  EXPECT_EQ(queue.pending(), 2u);
}

TEST(fifo_reply_queue, replies_stay_apart) {
  fifo_reply_queue queue;
  queue.give(bytes{"one"});
  queue.end();
  queue.give(bytes{"two"});
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.pending(), 6u);
  queue.take(3);
  queue.pop();
  EXPECT_EQ(queue.done(), 1u);
  EXPECT_EQ(queue.next().view(), "two");
  EXPECT_FALSE(queue.ended());
}

TEST(fifo_reply_queue, a_reply_may_be_empty) {
  fifo_reply_queue queue;
  queue.end();
  EXPECT_FALSE(queue.empty());
  EXPECT_TRUE(queue.ended());
  EXPECT_EQ(queue.left(), 0u);
}

TEST(fifo_reply_queue, nothing_given_begins_no_reply) {
  fifo_reply_queue queue;
  queue.give(bytes{});
  EXPECT_TRUE(queue.empty());
}

TEST(fifo_reply_queue, what_was_not_written_after_all_is_put_back) {
  fifo_reply_queue queue;
  queue.give(bytes{"abcdef"});
  queue.take(4);
  queue.put_back(bytes{"cd"});
  EXPECT_EQ(queue.next().view(), "cd");
  EXPECT_EQ(queue.written(), 2u);
  EXPECT_EQ(queue.left(), 4u);
  EXPECT_EQ(queue.pending(), 4u);
}

TEST(fifo_reply_queue, the_rest_of_a_popped_reply_is_dropped_and_counted) {
  fifo_reply_queue queue;
  queue.give(bytes{"abc"});
  queue.pop();
  EXPECT_EQ(queue.pending(), 0u);
  queue.give(bytes{"def"});
  queue.give(bytes{"gh"});
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.end(), 5u);
  EXPECT_EQ(queue.done(), 1u); // once, not twice
  queue.give(bytes{"next"});
  EXPECT_EQ(queue.next().view(), "next");
  EXPECT_EQ(queue.end(), 0u);
}

TEST(fifo_reply_queue, a_popped_reply_that_had_ended_takes_nothing_along) {
  fifo_reply_queue queue;
  queue.give(bytes{"abc"});
  queue.end();
  queue.pop();
  queue.give(bytes{"next"});
  EXPECT_EQ(queue.pending(), 4u);
}

} // namespace

} // namespace container_agent::test
