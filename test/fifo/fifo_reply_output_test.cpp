#include "main/fifo/fifo_reply_output.hpp"

#include "test/fifo/fifo_fixture.hpp"

#include <random>
#include <vector>

namespace container_agent::test {

namespace {

using runtime::fifo_reply_output;

class fifo_reply_output_test : public fifo_fixture {
public:
  storage::log replies{of_replies()};
  fifo_reply_output output{loop, watch, log, place(), replies, 0};
  int moved = 0;

  fifo_reply_output_test() {
    output.on_moved([this] { ++moved; });
  }

  void write(std::string_view text) {
    replies.append(text);
    output.let_go(replies.end());
  }

  void end_reply() {
    replies.append(end_of_reply);
    output.let_go(replies.end());
  }

  void reply(std::string_view text) {
    write(text);
    end_reply();
  }

  // As a host does it, while the loop runs.
  std::string read_to_end_from(const std::filesystem::path& fifo) {
    std::string got;
    host_thread host{loop, [&] { got = read_to_end(fifo); }};
    EXPECT_TRUE(finished(host));
    return got;
  }

  [[nodiscard]] testing::AssertionResult done(std::uint64_t count) {
    return run_until([&] { return output.replies_done() == count; });
  }
};

TEST_F(fifo_reply_output_test, a_reader_that_waits_gets_the_reply_and_its_end) {
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  host.await_blocked();
  reply("answer\n");
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
  EXPECT_TRUE(done(1));
}

TEST_F(fifo_reply_output_test, a_reply_waits_for_its_reader) {
  reply("answer\n");
  loop.run_ready();
  EXPECT_EQ(output.replies_known(), 1u);
  EXPECT_EQ(output.replies_done(), 0u);
  EXPECT_EQ(output.position(), 0u);
  EXPECT_EQ(moved, 0);
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
  EXPECT_TRUE(done(1));
  EXPECT_EQ(output.position(), 8u);
  EXPECT_TRUE(run_until([&] { return moved > 0; }));
}

TEST_F(fifo_reply_output_test, an_empty_reply_is_an_end_at_once) {
  std::string got = "x";
  host_thread host{loop, [&] { got = read_to_end(path); }};
  end_reply();
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "");
}

TEST_F(fifo_reply_output_test, a_reply_is_written_as_it_grows) {
  unique_fd reader;
  std::string got;
  {
    host_thread host{loop, [&] {
                       reader = open_blocking(path, O_RDONLY);
                       got = read_some(reader.get(), 4);
                     }};
    write("half");
    EXPECT_TRUE(finished(host));
  }
  EXPECT_EQ(got, "half");
  EXPECT_EQ(output.replies_known(), 0u);
  EXPECT_EQ(output.replies_done(), 0u);
  host_thread host{loop, [&] { got = read_some(reader.get(), 1000); }};
  reply(" and half\n");
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, " and half\n");
}

TEST_F(fifo_reply_output_test, replies_given_at_once_each_have_their_reader) {
  constexpr int turns = 500;
  std::vector<std::string> got;
  for (int i = 0; i < turns; ++i)
    reply("answer " + std::to_string(i) + "\n");
  host_thread host{loop, [&] {
                     for (int i = 0; i < turns; ++i)
                       got.push_back(read_to_end(path));
                   }};
  EXPECT_TRUE(finished(host));
  for (int i = 0; i < turns; ++i)
    ASSERT_EQ(got[static_cast<std::size_t>(i)],
              "answer " + std::to_string(i) + "\n");
  EXPECT_TRUE(done(turns));
  EXPECT_TRUE(log.records.empty());
}

// As the host does it: a question, then the answer to the end, and so on. The
// question is a number on a pipe here.
TEST_F(fifo_reply_output_test, five_hundred_turns_each_get_their_own_answer) {
  constexpr int turns = 500;
  auto answer = [](int turn) {
    std::mt19937 random{static_cast<unsigned>(turn)};
    auto sizes = {1, 80, 4096, 65535, 65536, 65537, 200'000};
    auto size = *(sizes.begin() + random() % sizes.size());
    auto text = std::to_string(turn) + " ";
    text.resize(static_cast<std::size_t>(size) + text.size(), 'x');
    return text + "\n";
  };
  auto questions = make_pipe();
  ASSERT_EQ(::fcntl(questions.reader.get(), F_SETFL, O_NONBLOCK), 0);
  boost::asio::posix::basic_stream_descriptor<
    boost::asio::io_context::executor_type>
    asked{loop.io(), questions.reader.release()};
  int answered = 0;
  std::function<void()> listen = [&] {
    asked.async_wait(asked.wait_read, [&](auto error) {
      char question;
      while (!error && ::read(asked.native_handle(), &question, 1) == 1)
        reply(answer(answered++));
      if (!error)
        listen();
    });
  };
  listen();
  int wrong = 0;
  host_thread host{loop, [&] {
                     for (int turn = 0; turn < turns; ++turn) {
                       (void)!::write(questions.writer.get(), "?", 1);
                       wrong += read_to_end(path) != answer(turn);
                     }
                   }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(done(turns));
  EXPECT_TRUE(log.records.empty());
}

TEST_F(fifo_reply_output_test, a_slow_reader_gets_an_answer_of_a_megabyte) {
  std::string answer(1'000'000, 'x');
  std::string got;
  reply(answer);
  reply("next\n");
  host_thread host{loop, [&] {
                     auto fd = open_blocking(path, O_RDONLY);
                     for (;;) {
                       auto more = read_some(fd.get(), 777);
                       got += more;
                       if (more.size() < 777)
                         break;
                     }
                   }};
  EXPECT_TRUE(finished(host));
  EXPECT_TRUE(got == answer);
  EXPECT_EQ(output.replies_done(), 1u);
  EXPECT_EQ(output.position(), 1'000'001u);
}

TEST_F(fifo_reply_output_test, a_reader_that_reads_nothing_costs_nothing) {
  reply("answer\n");
  for (int i = 0; i < 100; ++i) {
    auto reader = open_fifo_reader(path);
    if (i % 2 == 0)
      loop.run_ready(); // the reply may be in the FIFO already
    reader.reset();
    loop.run_ready();
  }
  EXPECT_EQ(output.replies_done(), 0u);
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
  EXPECT_EQ(log.count("reply_cut"), 0u);
}

TEST_F(fifo_reply_output_test, so_does_one_that_gives_up_waiting) {
  {
    auto reader = open_fifo_reader(path); // before there is a reply
    loop.run_ready();
  }
  reply("answer\n");
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
}

TEST_F(fifo_reply_output_test, a_reader_that_leaves_midway_loses_the_rest) {
  reply(std::string(1'000'000, 'x'));
  reply("next\n");
  std::string got;
  host_thread host{loop, [&] {
                     {
                       auto fd = open_blocking(path, O_RDONLY);
                       read_some(fd.get(), 100'000);
                     }
                   }};
  EXPECT_TRUE(done(1));
  EXPECT_EQ(log.count("reply_cut"), 1u);
  EXPECT_EQ(log.field("reply_cut", "bytes_read"), "100000");
  EXPECT_EQ(log.field("reply_cut", "bytes_dropped"), "900000");
  host_thread other{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(other));
  EXPECT_EQ(got, "next\n");
}

TEST_F(fifo_reply_output_test, the_rest_of_a_growing_reply_is_dropped_too) {
  write("the beginning of an answer");
  host_thread host{loop, [&] {
                     auto fd = open_blocking(path, O_RDONLY);
                     read_some(fd.get(), 5);
                   }};
  EXPECT_TRUE(done(1));
  write(", its middle");
  EXPECT_EQ(output.position(), 0u); // the next agent would give it again
  write(" and its end\n");
  end_reply();
  EXPECT_EQ(output.position(), replies.end());
  EXPECT_EQ(log.field("reply_rest_dropped", "bytes_dropped"), "25");
  EXPECT_EQ(output.replies_done(), 1u);
  reply("next\n");
  std::string got;
  host_thread other{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(other));
  EXPECT_EQ(got, "next\n");
}

TEST_F(fifo_reply_output_test, the_next_reply_waits_until_the_reader_closes) {
  reply("one\n");
  reply("two\n");
  auto stays = open_fifo_reader(path);
  loop.run_ready();
  EXPECT_EQ(read_some(stays.get(), 4), "one\n");
  EXPECT_TRUE(done(1));
  loop.run_ready();
  char byte;
  EXPECT_EQ(::read(stays.get(), &byte, 1), 0); // the end, not the next reply
  EXPECT_EQ(output.replies_done(), 1u);
  stays.reset();
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "two\n");
}

TEST_F(fifo_reply_output_test, a_reader_may_come_while_the_last_one_leaves) {
  reply("one\n");
  auto stays = open_fifo_reader(path);
  loop.run_ready();
  EXPECT_EQ(read_some(stays.get(), 4), "one\n");
  EXPECT_TRUE(done(1));
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  host.await_blocked();
  reply("two\n");
  loop.run_ready();
  EXPECT_FALSE(host.done());
  stays.reset();
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "two\n");
}

TEST_F(fifo_reply_output_test, a_dropped_reply_is_not_seen) {
  reply("nobody reads this\n");
  reply("answer\n");
  loop.run_ready();
  EXPECT_EQ(output.drop_reply(), 18u);
  EXPECT_EQ(output.replies_done(), 1u);
  EXPECT_EQ(output.position(), 19u);
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
}

TEST_F(fifo_reply_output_test, after_the_last_was_dropped_nobody_is_answered) {
  reply("nobody reads this\n");
  loop.run_ready();
  output.drop_reply();
  EXPECT_EQ(output.drop_reply(), 0u);
  loop.run_ready();
  EXPECT_EQ(moved, 1);
  EXPECT_FALSE(try_open_fifo_writer(path)); // nor is the FIFO open for reading
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  host.await_blocked(); // until there is an answer
  reply("answer\n");
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
}

TEST_F(fifo_reply_output_test, dropping_ends_a_reply_that_is_not_read_on) {
  reply(std::string(1'000'000, 'x'));
  reply("next\n");
  auto stalls = open_fifo_reader(path);
  loop.run_ready();
  read_some(stalls.get(), 1000);
  loop.run_ready();
  auto lost = output.drop_reply();
  EXPECT_GT(lost, 900'000u);
  EXPECT_LT(lost, 1'000'000u);
  EXPECT_EQ(log.count("reply_cut"), 1u);
  EXPECT_EQ(output.replies_done(), 1u);
  read_now(stalls.get());
  stalls.reset();
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "next\n");
}

TEST_F(fifo_reply_output_test, what_one_left_unread_is_not_for_the_next) {
  reply("nobody reads all of this\n");
  auto stalls = open_fifo_reader(path);
  loop.run_ready();
  read_some(stalls.get(), 6);
  output.drop_reply(); // all of it is in the FIFO
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  host.await_blocked(); // it holds what is in there
  reply("answer\n");
  stalls.reset();
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
  EXPECT_EQ(log.field("reply_not_read", "bytes_dropped"), "19");
}

TEST_F(fifo_reply_output_test, waiting_for_a_reader_costs_no_wake_up) {
  reply("answer\n");
  loop.run_ready();
  auto slept = times_slept();
  EXPECT_FALSE(loop.run_until([&] { return output.replies_done() > 0; },
                              std::chrono::milliseconds{50}));
  EXPECT_LE(times_slept() - slept, 1); // the time limit's
}

TEST_F(fifo_reply_output_test, nothing_goes_beyond_the_limit) {
  replies.append("answer\n");
  replies.append(end_of_reply);
  output.let_go(4);
  std::string got;
  host_thread host{loop, [&] {
                     auto fd = open_blocking(path, O_RDONLY);
                     got = read_some(fd.get(), 4);
                     got += read_some(fd.get(), 1000);
                   }};
  EXPECT_TRUE(run_until([&] { return got == "answ"; }));
  output.let_go(replies.end());
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "answer\n");
}

TEST_F(fifo_reply_output_test, the_next_agent_gives_what_was_left_undone) {
  std::uint64_t noted = 0;
  output.on_position([&](std::uint64_t position) { noted = position; });
  reply("one\n");
  reply("two\n");
  EXPECT_EQ(read_to_end_from(path), "one\n");
  EXPECT_TRUE(done(1));
  EXPECT_EQ(noted, 5u);
  auto reader = open_fifo_reader(path);
  loop.run_ready();
  EXPECT_EQ(read_some(reader.get(), 1), "t");
  output.finish(true);
  reader.reset();
  fifo_reply_output next{loop, watch, log, place(), replies, noted};
  next.let_go(replies.end());
  EXPECT_EQ(next.replies_known(), 1u);
  EXPECT_EQ(read_to_end_from(path), "two\n");
}

TEST_F(fifo_reply_output_test, the_end_of_the_agent_is_the_end_of_the_reply) {
  std::string got;
  host_thread host{loop, [&] { got = read_to_end(path); }};
  host.await_blocked();
  write("half an ans");
  output.finish(false);
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(got, "half an ans");
  EXPECT_EQ(kind_of(path), "missing");
  EXPECT_EQ(log.count("output_left_unread"), 1u);
}

TEST_F(fifo_reply_output_test, no_descriptor_is_left) {
  auto before = open_descriptors();
  {
    path = dir / "another.fifo";
    replies.append(std::string(100'000, 'x'));
    fifo_reply_output another{loop, watch, log, place(), replies, 0};
    another.let_go(replies.end());
    loop.run_ready();
    EXPECT_GT(open_descriptors(), before);
  }
  loop.run_ready();
  EXPECT_EQ(open_descriptors(), before);
}

} // namespace

} // namespace container_agent::test
