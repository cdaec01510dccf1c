// What happens to replies when the host removes, moves or replaces the FIFO.

#include "main/fifo/fifo_reply_output.hpp"
#include "main/fifo/pipe_info.hpp"
#include "test/fifo/fifo_fixture.hpp"

#include <optional>

namespace container_agent::test {

namespace {

using runtime::fifo_reply_output;

class fifo_reply_replaced : public fifo_replaced {
public:
  storage::log replies{of_replies()};
  std::optional<fifo_reply_output> output;

  fifo_reply_replaced() {
    output.emplace(loop, watch, log, place(), replies, 0);
  }

  void reply(std::string_view text) {
    replies.append(text);
    replies.append(end_of_reply);
    output->let_go(replies.end());
  }

  std::string ask() {
    std::string got;
    host_thread host{loop, [&] { got = read_to_end(path); }};
    EXPECT_TRUE(finished(host));
    return got;
  }
};

TEST_F(fifo_reply_replaced, whatever_happens_a_waiting_reply_finds_its_reader) {
  for (const auto& replace : replacements()) {
    reply("answer\n");
    loop.run_ready();
    replace();
    loop.run_ready();
    ASSERT_EQ(kind_of(path), "fifo");
    EXPECT_EQ(ask(), "answer\n");
  }
}

TEST_F(fifo_reply_replaced, between_replies_too) {
  for (const auto& replace : replacements()) {
    replace();
    loop.run_ready();
    reply("answer\n");
    EXPECT_EQ(ask(), "answer\n");
  }
}

TEST_F(fifo_reply_replaced, a_reply_that_is_read_is_finished_in_the_old_one) {
  reply(std::string(200'000, 'x'));
  reply("next\n");
  auto reader = open_fifo_reader(path);
  loop.run_ready();
  auto got = read_some(reader.get(), 1000);
  ::unlink(path.c_str());
  loop.run_ready();
  while (got.size() < 200'000) {
    got += read_now(reader.get());
    loop.run_ready();
  }
  EXPECT_EQ(output->replies_done(), 1u);
  EXPECT_EQ(ask(), "next\n"); // it need not wait for that reader's close
}

TEST_F(fifo_reply_replaced, what_the_old_one_holds_unread_is_taken_along) {
  reply("answer\n");
  auto reader = open_fifo_reader(path);
  loop.run_ready();
  ASSERT_EQ(runtime::unread_bytes(reader.get()), 7u);
  ::unlink(path.c_str());
  loop.run_ready();
  reader.reset();
  loop.run_ready();
  EXPECT_EQ(ask(), "answer\n");
  EXPECT_EQ(log.count("reply_cut"), 0u);
}

TEST_F(fifo_reply_replaced, also_if_the_reader_left_first) {
  reply("answer\n");
  auto reader = open_fifo_reader(path);
  loop.run_ready();
  reader.reset();
  loop.run_ready();
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(ask(), "answer\n");
}

TEST_F(fifo_reply_replaced, while_something_else_is_there_replies_wait) {
  ::unlink(path.c_str());
  write_file(path, "content");
  loop.run_ready();
  reply("answer\n");
  loop.run_ready();
  EXPECT_EQ(output->replies_done(), 0u);
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(ask(), "answer\n");
}

} // namespace

} // namespace container_agent::test
