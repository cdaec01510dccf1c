#include "main/fifo/fifo_output.hpp"

#include "test/fifo/fifo_fixture.hpp"
#include "test/support/process_limit.hpp"

#include <condition_variable>
#include <mutex>

namespace container_agent::test {

namespace {

using runtime::fifo_output;

// A number that only grows, from one thread to another.
class counter {
public:
  void tell(int value) {
    std::lock_guard guard{mutex_};
    value_ = value;
    changed_.notify_all();
  }

  void wait(int at_least) {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [&] { return value_ >= at_least; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int value_ = 0;
};

class fifo_output_test : public fifo_fixture {
public:
  fifo_output output{loop, watch, log, place(), stream, cursor_at(0)};
  int moved = 0;
  counter noticed;

  fifo_output_test() {
    output.on_moved([this] { ++moved; });
  }

  void write(std::string_view text) {
    give(text);
    output.let_go(stream.end());
  }

  std::uint64_t pending() const { return stream.end() - output.position(); }

  // Numbered lines of `size` bytes.
  static std::string line(int number, std::size_t size) {
    auto text = std::to_string(number) + " ";
    text.resize(size - 1, '.');
    return text + "\n";
  }

  // A reader that reads `count` bytes, and leaves; the agent has noticed.
  std::string visit(std::size_t count) {
    std::string result;
    {
      auto reader = open_fifo_reader(path);
      result = read_some(reader.get(), count);
    }
    loop.run_ready();
    return result;
  }

  // All there is, by a reader that stays until nothing comes.
  std::string take_all() {
    auto reader = open_fifo_reader(path);
    std::string result;
    for (;;) {
      loop.run_ready();
      auto more = read_now(reader.get());
      if (more.empty())
        return result;
      result += more;
    }
  }
};

TEST_F(fifo_output_test, what_is_written_is_read) {
  write("hello\n");
  EXPECT_EQ(pending(), 0u);
  EXPECT_EQ(take_all(), "hello\n");
}

TEST_F(fifo_output_test, no_reader_is_no_error_and_output_waits) {
  for (int i = 0; i < 1000; ++i)
    write(line(i, 20));
  EXPECT_FALSE(output.error());
  auto all = take_all();
  EXPECT_EQ(all.size(), 20000u);
  EXPECT_EQ(all.substr(all.size() - 20), line(999, 20));
}

TEST_F(fifo_output_test, what_does_not_fit_waits_and_moving_is_told) {
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    expected += line(i, 1000);
    write(line(i, 1000));
  }
  EXPECT_GT(pending(), 200'000u);
  loop.run_ready();
  EXPECT_EQ(moved, 0);
  EXPECT_EQ(take_all(), expected);
  EXPECT_EQ(pending(), 0u);
  EXPECT_GT(moved, 0);
}

TEST_F(fifo_output_test, a_write_that_goes_out_at_once_tells_nothing) {
  write("hello\n");
  loop.run_ready();
  EXPECT_EQ(moved, 0);
}

TEST_F(fifo_output_test, nothing_goes_beyond_the_limit) {
  give("one\ntwo\n");
  output.let_go(4);
  EXPECT_EQ(take_all(), "one\n");
  EXPECT_EQ(output.position(), 4u);
  output.let_go(2); // late, and harmless
  output.let_go(8);
  EXPECT_EQ(take_all(), "two\n");
}

TEST_F(fifo_output_test, a_blocking_reader_gets_all) {
  std::string expected;
  std::string got;
  for (int i = 0; i < 2000; ++i)
    expected += line(i, 1000);
  host_thread host{loop, [&] {
                     auto fd = open_blocking(path, O_RDONLY);
                     got = read_some(fd.get(), expected.size());
                   }};
  for (int i = 0; i < 2000; ++i)
    write(line(i, 1000));
  EXPECT_TRUE(finished(host));
  EXPECT_TRUE(got == expected);
}

TEST_F(fifo_output_test, replies_have_no_end_here) {
  write("hello\n");
  EXPECT_EQ(output.replies_known(), 0u);
  EXPECT_EQ(output.replies_done(), 0u);
  EXPECT_EQ(output.drop_reply(), 0u);
  EXPECT_EQ(take_all(), "hello\n");
}

// -- readers that leave -------------------------------------------------------

TEST_F(fifo_output_test, between_lines_a_leaving_reader_changes_nothing) {
  write("one\ntwo\n");
  EXPECT_EQ(visit(4), "one\n");
  EXPECT_EQ(take_all(), "two\n");
  EXPECT_EQ(log.count("output_line_repeated"), 0u);
}

TEST_F(fifo_output_test, the_next_reader_sees_the_torn_line_whole) {
  write("one\n");
  write("two\n");
  write("three\n");
  EXPECT_EQ(visit(6), "one\ntw");
  EXPECT_EQ(take_all(), "two\nthree\n");
  EXPECT_EQ(log.field("output_line_repeated", "bytes_repeated"), "2");
}

TEST_F(fifo_output_test, torn_again_and_again_nothing_is_lost) {
  std::string rest = "0123456789\nabcdefghij\n";
  write(rest);
  for (int i = 0; i < 100; ++i) {
    auto got = visit(13);
    EXPECT_EQ(got, "0123456789\nab");
    write("0123456789\nabcdefghij\n");
    auto reader = open_fifo_reader(path);
    EXPECT_EQ(read_some(reader.get(), 11), "abcdefghij\n");
  }
  loop.run_ready();
  EXPECT_EQ(take_all(), rest);
}

TEST_F(fifo_output_test, a_line_that_still_grows_is_begun_again) {
  write("one\nthe begin");
  EXPECT_EQ(visit(8), "one\nthe ");
  write("ning\n");
  EXPECT_EQ(take_all(), "the beginning\n");
}

TEST_F(fifo_output_test, even_if_all_of_it_so_far_was_read) {
  write("the begin");
  EXPECT_EQ(visit(9), "the begin");
  write("ning\n");
  EXPECT_EQ(take_all(), "the beginning\n");
}

TEST_F(fifo_output_test, a_torn_line_with_much_pending_is_given_whole) {
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    write(line(i, 1000));
    if (i >= 3)
      expected += line(i, 1000);
  }
  ASSERT_GT(pending(), 400'000u);
  visit(3500);
  EXPECT_TRUE(take_all() == expected);
}

TEST_F(fifo_output_test, a_line_over_the_capacity_is_given_whole) {
  auto half = std::string(100'000, 'x');
  write(half);
  write(half);
  write("\nnext\n");
  auto reader = open_fifo_reader(path);
  std::string got;
  while (got.size() < 150'000) {
    got += read_now(reader.get());
    loop.run_ready();
  }
  reader.reset();
  loop.run_ready();
  EXPECT_TRUE(take_all() == half + half + "\nnext\n");
}

TEST_F(fifo_output_test, what_was_pending_and_then_fits_is_told) {
  write(std::string(30'000, 'x') + "\n");
  write(std::string(40'000, 'y') + "\n");
  ASSERT_GT(pending(), 0u);
  {
    // Makes room for all, but the agent does not get to see it.
    auto reader = open_fifo_reader(path);
    EXPECT_EQ(read_some(reader.get(), 40'000).size(), 40'000u);
  }
  loop.run_ready();
  EXPECT_EQ(moved, 1);
  EXPECT_EQ(pending(), 0u);
  EXPECT_TRUE(take_all() == std::string(40'000, 'y') + "\n");
}

TEST_F(fifo_output_test, of_a_line_too_long_to_repeat_the_rest_is_cut) {
  constexpr std::size_t block = 64 * 1024;
  auto reader = open_fifo_reader(path);
  std::size_t got = 0;
  for (int i = 0; i < 40; ++i) {
    write(std::string(block, 'x'));
    got += read_some(reader.get(), block).size();
    loop.run_ready();
  }
  write(std::string(block, 'y'));
  reader.reset();
  loop.run_ready();
  write(std::string(10, 'z'));
  EXPECT_EQ(log.count("output_line_cut"), 0u); // not known how much yet
  write("zz\nnext\n");
  EXPECT_EQ(take_all(), "next\n");
  EXPECT_EQ(log.count("output_line_cut"), 1u);
  EXPECT_EQ(log.field("output_line_cut", "bytes_skipped"),
            std::to_string(block + 13));
}

TEST_F(fifo_output_test, a_cut_line_may_have_ended_already) {
  constexpr std::size_t block = 64 * 1024;
  auto reader = open_fifo_reader(path);
  for (int i = 0; i < 40; ++i) {
    write(std::string(block, 'x'));
    read_some(reader.get(), block);
    loop.run_ready();
  }
  write("xx\nnext\n");
  reader.reset();
  loop.run_ready();
  EXPECT_EQ(take_all(), "next\n");
  EXPECT_EQ(log.field("output_line_cut", "bytes_skipped"), "3");
}

TEST_F(fifo_output_test, while_another_reader_is_there_nothing_is_repeated) {
  write("one\ntwo\n");
  auto stays = open_fifo_reader(path);
  EXPECT_EQ(visit(6), "one\ntw");
  EXPECT_EQ(read_now(stays.get()), "o\n");
  write("three\n");
  loop.run_ready();
  EXPECT_EQ(read_now(stays.get()), "three\n");
}

TEST_F(fifo_output_test, short_visits_of_blocking_readers_see_whole_lines) {
  constexpr int lines = 1000;
  std::string last;
  int broken = 0;
  int visits = 0;
  host_thread host{loop, [&] {
                     while (last != line(lines - 1, 700)) {
                       auto fd = open_blocking(path, O_RDONLY);
                       // A line, and a part of the next.
                       auto got = read_some(fd.get(), 900);
                       auto first = got.substr(0, 700);
                       if (first.size() < 700 || first[699] != '\n')
                         ++broken;
                       last = first;
                       ++visits;
                       fd.reset();
                       // A reader that comes before the agent has noticed that
                       // the last one left goes on within the line.
                       noticed.wait(visits);
                     }
                   }};
  for (int i = 0; i < lines; ++i)
    write(line(i, 700));
  write(line(lines, 700)); // there is always a part of a next one to read
  int told = 0;
  EXPECT_TRUE(run_until([&] {
    // Each reader that left within a line makes one record.
    auto repeated = static_cast<int>(log.count("output_line_repeated"));
    if (repeated > told)
      noticed.tell(told = repeated);
    return host.done();
  }));
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(visits, lines);
}

TEST_F(fifo_output_test, waiting_costs_no_wake_up) {
  write(std::string(100'000, 'x'));
  loop.run_ready();
  auto slept = times_slept();
  EXPECT_FALSE(
    loop.run_until([&] { return moved > 0; }, std::chrono::milliseconds{50}));
  EXPECT_LE(times_slept() - slept, 1); // the time limit's
}

// -- lines that are not for the host ------------------------------------------

TEST_F(fifo_output_test, struck_lines_stay_out) {
  give("one\nstruck\ntwo\nstruck too\nthree\n");
  stream.strike(4, 11);
  stream.strike(15, 26);
  output.let_go(stream.end());
  EXPECT_EQ(take_all(), "one\ntwo\nthree\n");
}

TEST_F(fifo_output_test, a_torn_line_is_found_behind_struck_ones) {
  give("one\nstruck\ntwo\nstruck too\nthree\n");
  stream.strike(4, 11);
  stream.strike(15, 26);
  output.let_go(stream.end());
  EXPECT_EQ(visit(2), "on");
  EXPECT_EQ(log.field("output_line_repeated", "bytes_repeated"), "2");
  EXPECT_EQ(visit(4), "one\n"); // no line is torn
  EXPECT_EQ(visit(5), "two\nt");
  EXPECT_EQ(take_all(), "three\n");
  EXPECT_EQ(log.count("output_line_repeated"), 2u);
}

// -- errors -------------------------------------------------------------------

TEST_F(fifo_output_test, after_an_error_nothing_is_lost) {
  write(line(1, 40'000));
  write(line(2, 40'000));
  ASSERT_GT(pending(), 0u);
  auto reader = open_fifo_reader(path);
  {
    process_limit no_more_files{RLIMIT_NOFILE, 0};
    EXPECT_EQ(read_some(reader.get(), 100), line(1, 40'000).substr(0, 100));
    reader.reset();
    loop.run_ready();
    EXPECT_TRUE(output.error());
    write(line(3, 1000));
    output.on_moved([this] { ++moved; }); // as the next one does
    EXPECT_TRUE(output.error());
    write(line(4, 1000));
  }
  output.on_moved([this] { ++moved; });
  EXPECT_FALSE(output.error());
  EXPECT_TRUE(take_all()
              == line(1, 40'000) + line(2, 40'000) + line(3, 1000)
                   + line(4, 1000));
  EXPECT_EQ(pending(), 0u);
}

// -- raw ----------------------------------------------------------------------

TEST_F(fifo_fixture, raw_output_goes_on_where_a_reader_left) {
  fifo_output output{
    loop, watch, log, place(), stream, cursor_at(0), runtime::stream_kind::raw};
  give("one\ntwo\n");
  output.let_go(stream.end());
  {
    auto reader = open_fifo_reader(path);
    EXPECT_EQ(read_some(reader.get(), 6), "one\ntw");
  }
  loop.run_ready();
  auto reader = open_fifo_reader(path);
  EXPECT_EQ(read_now(reader.get()), "o\n");
}

// -- descriptors ------------------------------------------------------------

TEST_F(fifo_output_test, no_descriptor_is_left) {
  auto before = open_descriptors();
  {
    path = dir / "another.fifo";
    fifo_output another{loop, watch, log, place(), stream, cursor_at(0)};
    give(std::string(100'000, 'x'));
    another.let_go(stream.end());
    loop.run_ready();
    EXPECT_GT(open_descriptors(), before);
  }
  loop.run_ready();
  EXPECT_EQ(open_descriptors(), before);
}

} // namespace

} // namespace container_agent::test
