#include "main/fifo/fifo_reply_output.hpp"

#include "test/fifo/fifo_fixture.hpp"
#include "test/support/process_limit.hpp"

#include <vector>

namespace container_agent::test {

namespace {

/// Readers that have the FIFO open for writing too, and errors.
class reply_reader_test : public fifo_fixture {
public:
  storage::log replies{of_replies()};
  runtime::fifo_reply_output output{loop, watch, log, place(), replies, 0};

  void reply(std::string_view text) {
    replies.append(text);
    replies.append(end_of_reply);
    output.let_go(replies.end());
  }

  [[nodiscard]] testing::AssertionResult done(std::uint64_t count) {
    return run_until([&] { return output.replies_done() == count; });
  }

  unique_fd open_both() const {
    return unique_fd{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  }
};

} // namespace

TEST_F(reply_reader_test, a_reader_may_have_it_open_for_writing_too) {
  for (int i = 0; i < 20; ++i) {
    reply("one\n");
    reply("two\n");
    auto both = open_both();
    loop.run_ready();
    EXPECT_EQ(read_some(both.get(), 4), "one\n");
    ASSERT_TRUE(done(2 * i + 1));
    loop.run_ready();
    EXPECT_EQ(read_now(both.get()), ""); // the next reply waits
    both.reset();
    std::string got;
    host_thread host{loop, [&] { got = read_to_end(path); }};
    ASSERT_TRUE(finished(host));
    EXPECT_EQ(got, "two\n");
    ASSERT_TRUE(done(2 * i + 2));
  }
  EXPECT_TRUE(log.records.empty());
}

TEST_F(reply_reader_test, such_a_reader_may_come_again_before_its_leaving) {
  reply("one\n");
  auto both = open_both();
  loop.run_ready();
  EXPECT_EQ(read_some(both.get(), 4), "one\n");
  both.reset();
  both = open_both(); // all that before the loop has noticed
  reply("two\n");
  ASSERT_TRUE(done(1));
  loop.run_ready();
  EXPECT_EQ(read_now(both.get()), "two\n");
  EXPECT_TRUE(done(2));
}

TEST_F(reply_reader_test, after_an_error_nothing_is_lost) {
  {
    process_limit no_more_files{RLIMIT_NOFILE, 0};
    reply("one\n");
    EXPECT_TRUE(output.error());
    reply("two\n");
    output.on_moved([] {}); // as the next one does
    EXPECT_TRUE(output.error());
  }
  output.on_moved([] {});
  EXPECT_FALSE(output.error());
  std::vector<std::string> got;
  host_thread host{loop, [&] {
                     got.push_back(read_to_end(path));
                     got.push_back(read_to_end(path));
                   }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, (std::vector<std::string>{"one\n", "two\n"}));
}

} // namespace container_agent::test
