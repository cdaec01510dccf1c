#include "main/fifo/fifo_input.hpp"

#include "test/fifo/fifo_fixture.hpp"
#include "test/support/process_limit.hpp"

#include <optional>

namespace container_agent::test {

namespace {

using runtime::fifo_input;

// A result that outlives the handler's call.
struct found {
  std::string data;
  bool at_end = false;
  std::error_code error;
};

class fifo_input_test : public fifo_fixture {
public:
  fifo_input input{loop, watch, log, place(), stream};
  std::optional<found> result;
  std::uint64_t seen = 0; // of the log

  void start_read() {
    result.reset();
    input.move([this](const inlet::result& r) { take(r); });
  }

  void take(const inlet::result& r) {
    result = found{text_from(seen), r.at_end, r.error};
    EXPECT_EQ(r.moved, result->data.size());
    seen = stream.end();
  }

  found await() {
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result.value_or(found{});
  }

  found read() {
    start_read();
    return await();
  }

  // Nothing comes, however long one waits: all that is ready has been handled.
  bool nothing_comes() {
    loop.run_ready();
    return !result;
  }

  unique_fd writer() const {
    unique_fd fd{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
    EXPECT_TRUE(fd);
    return fd;
  }

  static void put(const unique_fd& fd, std::string_view text) {
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  void put(std::string_view text) { put(writer(), text); }
};

TEST_F(fifo_input_test, what_is_written_is_read) {
  put("hello\n");
  EXPECT_EQ(read().data, "hello\n");
}

TEST_F(fifo_input_test, a_read_waits_for_what_comes) {
  start_read();
  EXPECT_TRUE(nothing_comes());
  put("hello\n");
  EXPECT_EQ(await().data, "hello\n");
}

TEST_F(fifo_input_test, writers_come_and_go_unnoticed) {
  for (int i = 0; i < 1000; ++i) {
    put(std::to_string(i));
    auto r = read();
    ASSERT_EQ(r.data, std::to_string(i));
    ASSERT_FALSE(r.at_end);
  }
  start_read();
  EXPECT_TRUE(nothing_comes());
}

TEST_F(fifo_input_test, a_blocking_writer_does_not_wait_for_a_read) {
  host_thread host{loop, [&] {
                     auto fd = open_blocking(path, O_WRONLY);
                     put(fd, "hello\n");
                   }};
  EXPECT_TRUE(finished(host));
  EXPECT_EQ(read().data, "hello\n");
}

TEST_F(fifo_input_test, the_handler_is_not_called_from_within_read) {
  put(std::string(read_size, 'x'));
  EXPECT_EQ(read().data.size(), read_size); // so that it looks at once again
  put("more");
  start_read();
  EXPECT_FALSE(result);
  EXPECT_EQ(await().data, "more");
}

TEST_F(fifo_input_test, a_cancelled_read_loses_nothing) {
  start_read();
  put("hello");
  input.cancel();
  EXPECT_TRUE(nothing_comes());
  EXPECT_EQ(read().data, "hello");
}

TEST_F(fifo_input_test, waiting_costs_no_wake_up) {
  start_read();
  loop.run_ready();
  auto slept = times_slept();
  EXPECT_FALSE(loop.run_until([&] { return result.has_value(); },
                              std::chrono::milliseconds{50}));
  EXPECT_LE(times_slept() - slept, 1); // the time limit's
}

// -- report_end ---------------------------------------------------------------

TEST_F(fifo_input_test, the_last_writers_leaving_is_the_end) {
  auto fd = writer();
  put(fd, "half");
  EXPECT_EQ(read().data, "half");
  input.report_end(true);
  start_read();
  EXPECT_TRUE(nothing_comes());
  fd.reset();
  EXPECT_TRUE(await().at_end);
}

TEST_F(fifo_input_test, it_is_the_last_of_several_that_counts) {
  auto one = writer();
  auto other = writer();
  put(one, "half");
  EXPECT_EQ(read().data, "half");
  input.report_end(true);
  start_read();
  one.reset();
  EXPECT_TRUE(nothing_comes());
  other.reset();
  EXPECT_TRUE(await().at_end);
}

TEST_F(fifo_input_test, a_writer_that_has_left_already_is_noticed) {
  put("half");
  EXPECT_EQ(read().data, "half");
  input.report_end(true);
  EXPECT_TRUE(read().at_end);
}

TEST_F(fifo_input_test, it_can_be_switched_on_during_a_read) {
  put("half");
  EXPECT_EQ(read().data, "half");
  start_read();
  EXPECT_TRUE(nothing_comes());
  input.report_end(true);
  EXPECT_TRUE(await().at_end);
}

TEST_F(fifo_input_test, bytes_come_before_the_end) {
  put("half");
  EXPECT_EQ(read().data, "half");
  put(" a line");
  input.report_end(true);
  auto r = read();
  EXPECT_EQ(r.data, " a line");
  EXPECT_FALSE(r.at_end);
  EXPECT_TRUE(read().at_end);
}

TEST_F(fifo_input_test, switched_off_again_it_reports_no_end) {
  auto fd = writer();
  put(fd, "half");
  EXPECT_EQ(read().data, "half");
  input.report_end(true);
  start_read();
  loop.run_ready();
  put(fd, " a line\n");
  EXPECT_EQ(await().data, " a line\n");
  input.report_end(false);
  start_read();
  fd.reset();
  EXPECT_TRUE(nothing_comes());
  put("next\n");
  EXPECT_EQ(await().data, "next\n");
  start_read();
  EXPECT_TRUE(nothing_comes());
}

TEST_F(fifo_input_test, after_an_end_the_next_read_waits_for_a_writer) {
  for (int round = 0; round < 100; ++round) {
    put("half");
    EXPECT_EQ(read().data, "half");
    input.report_end(true);
    EXPECT_TRUE(read().at_end);
    input.report_end(round % 2 == 0); // either way
    start_read();
    ASSERT_TRUE(nothing_comes());
    input.cancel();
  }
}

TEST_F(fifo_input_test, switching_at_every_step_loses_nothing) {
  std::string all;
  std::string expected;
  bool on = false;
  for (int i = 0; i < 2000; ++i) {
    auto line = std::to_string(i) + "\n";
    expected += line;
    {
      auto fd = writer();
      put(fd, line);
      if (i % 3 == 0)
        input.report_end(on = !on);
    }
    while (all.size() < expected.size()) {
      all += read().data;
      if (i % 7 == 0)
        input.report_end(on = !on);
    }
  }
  EXPECT_EQ(all, expected);
}

TEST_F(fifo_input_test, the_end_is_seen_after_an_error_too) {
  input.report_end(true);
  put("all there is\n");
  EXPECT_EQ(read().data, "all there is\n");
  EXPECT_TRUE(read().at_end);
  for (int i = 0; i < 3; ++i) {
    process_limit no_more_files{RLIMIT_NOFILE, 0};
    EXPECT_TRUE(read().error);
  }
  start_read();
  EXPECT_TRUE(nothing_comes());
  put("more");
  EXPECT_EQ(await().data, "more");
  EXPECT_TRUE(read().at_end);
}

// -- as with --exit-on-eof: on from the beginning
// ------------------------------

TEST_F(fifo_input_test, there_is_no_end_before_the_first_writer) {
  input.report_end(true);
  start_read();
  EXPECT_TRUE(nothing_comes());
  put("all there is\n");
  EXPECT_EQ(await().data, "all there is\n");
  EXPECT_TRUE(read().at_end);
}

TEST_F(fifo_input_test, a_writer_of_nothing_is_a_writer) {
  input.report_end(true);
  start_read();
  loop.run_ready();
  writer();
  EXPECT_TRUE(await().at_end);
}

TEST_F(fifo_input_test, what_came_before_the_first_read_is_not_lost) {
  put("early");
  input.report_end(true);
  EXPECT_EQ(read().data, "early");
  EXPECT_TRUE(read().at_end);
}

// -- a log without room -------------------------------------------------------

TEST_F(fifo_input_test, an_error_is_told_and_the_next_read_tries_again) {
  put("hello\n");
  for (int i = 0; i < 3; ++i) {
    full_disk full{0};
    EXPECT_TRUE(read().error);
    EXPECT_NE(stream.trouble(), "");
    EXPECT_EQ(input.unread(), 6U);
  }
  EXPECT_EQ(read().data, "hello\n");
  EXPECT_EQ(stream.trouble(), "");
  put("again\n");
  EXPECT_EQ(read().data, "again\n");
}

// -- the end of the agent -----------------------------------------------------

TEST_F(fifo_input_test, what_it_made_is_removed) {
  start_read();
  input.finish(false, false);
  EXPECT_EQ(kind_of(path), "missing");
  EXPECT_TRUE(nothing_comes());
  EXPECT_EQ(kind_of(path), "missing"); // it is not made again
}

TEST_F(fifo_input_test, what_shall_be_kept_is_kept) {
  input.finish(true, false);
  loop.run_ready();
  EXPECT_EQ(kind_of(path), "fifo");
  EXPECT_FALSE(try_open_fifo_writer(path)); // nobody has it open
}

TEST_F(fifo_input_test, what_nobody_has_read_is_logged) {
  input.finish(true, false);
  EXPECT_EQ(log.count("input_left_unread"), 0U);
  path = dir / "another.fifo";
  fifo_input another{loop, watch, log, place(), stream};
  put("hello\n");
  another.finish(true, false);
  EXPECT_EQ(log.field("input_left_unread", "bytes_in_fifo"), "6");
}

TEST_F(fifo_input_test, what_nobody_has_read_is_for_the_next_agent) {
  put("one\n");
  EXPECT_EQ(read().data, "one\n");
  put("two\n");
  input.finish(true, true);
  EXPECT_EQ(log.count("input_left_unread"), 0U);
  EXPECT_EQ(text_from(0), "one\ntwo\n");
}

TEST_F(fifo_input_test, what_the_log_can_not_take_is_told) {
  put("one\n");
  full_disk full{0};
  input.finish(true, true);
  EXPECT_EQ(log.field("input_not_kept", "error"), stream.trouble());
  EXPECT_EQ(log.field("input_left_unread", "bytes_in_fifo"), "4");
}

TEST_F(fifo_input_test, no_descriptor_is_left) {
  auto before = open_descriptors();
  {
    path = dir / "another.fifo";
    fifo_input another{loop, watch, log, place(), stream};
    another.report_end(true);
    another.move([](const auto&) { FAIL(); });
    loop.run_ready();
    EXPECT_GT(open_descriptors(), before);
  }
  loop.run_ready();
  EXPECT_EQ(open_descriptors(), before);
}

} // namespace

} // namespace container_agent::test
