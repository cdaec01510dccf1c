#include "actors/memory/claude_outbox.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

namespace {

claude_outbox::control_message held_message(const std::string& line,
                                            std::uint64_t from) {
  codec::input_message message;
  message.line = line;
  return {message, from};
}

} // namespace

TEST(claude_outbox, gives_its_lines_in_order) {
  claude_outbox outbox{100};
  outbox.queue({.text = "a\n"});
  outbox.queue({.text = "bc\n"});
  EXPECT_EQ(outbox.queued_bytes(), 5U);
  EXPECT_EQ(outbox.pop()->text, "a\n");
  EXPECT_EQ(outbox.queued_bytes(), 3U);
  EXPECT_EQ(outbox.pop()->text, "bc\n");
  EXPECT_FALSE(outbox.pop().has_value());
  EXPECT_TRUE(outbox.empty());
}

TEST(claude_outbox, holds_a_message_until_it_was_dealt_with) {
  claude_outbox outbox{100};
  outbox.hold(held_message("keep", 10));
  outbox.hold(held_message("send", 20));
  EXPECT_EQ(outbox.first_input(99), 10U);
  outbox.release([&outbox](const auto& each) {
    EXPECT_EQ(outbox.first_input(99), 10U) << "both are held still";
    return each.message.line == "send";
  });
  EXPECT_EQ(outbox.first_input(5), 5U) << "all before that was dealt with";
  outbox.release([](const auto&) { return true; });
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.first_input(99), 99U);
}

TEST(claude_outbox, holds_so_many_and_no_more) {
  claude_outbox bytes{8};
  bytes.hold(held_message("1234567", 0));
  EXPECT_FALSE(bytes.full());
  bytes.hold(held_message("8", 0));
  EXPECT_TRUE(bytes.full());
  claude_outbox messages{1'000'000};
  for (std::size_t i = 1; i < claude_outbox::max_held; ++i)
    messages.hold(held_message("x", 0));
  EXPECT_FALSE(messages.full());
  messages.hold(held_message("x", 0));
  EXPECT_TRUE(messages.full());
}

} // namespace container_agent::test
