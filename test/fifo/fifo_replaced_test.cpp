// What happens when the host removes, moves or replaces a FIFO that the agent
// has open.

#include "main/fifo/fifo_input.hpp"
#include "main/fifo/fifo_output.hpp"
#include "test/fifo/fifo_fixture.hpp"

#include <optional>

namespace container_agent::test {

namespace {

using runtime::fifo_input;
using runtime::fifo_output;

// -- input --------------------------------------------------------------------

class fifo_input_replaced : public fifo_replaced {
public:
  std::optional<fifo_input> input;
  std::optional<std::string> got; // "END" for the end
  std::uint64_t seen = 0;         // of the log

  fifo_input_replaced() { input.emplace(loop, watch, log, place(), stream); }

  void start_read() {
    got.reset();
    input->move([this](const inlet::result& r) {
      got = r.at_end ? "END" : text_from(seen);
      seen = stream.end();
    });
  }

  std::string await() {
    EXPECT_TRUE(run_until([&] { return got.has_value(); }));
    return got.value_or("NOTHING");
  }

  std::string read() {
    start_read();
    return await();
  }
};

TEST_F(fifo_input_replaced, whatever_happens_the_new_one_is_read) {
  for (const auto& replace : replacements()) {
    start_read();
    loop.run_ready();
    replace();
    loop.run_ready();
    ASSERT_EQ(kind_of(path), "fifo");
    put(writer(), "hello");
    EXPECT_EQ(await(), "hello");
  }
}

TEST_F(fifo_input_replaced, it_is_made_again_with_its_mode) {
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(mode_of(path), 0660u);
  EXPECT_EQ(log.field("fifo_replaced", "made_again"), "true");
  input->finish(false, false);
  EXPECT_EQ(kind_of(path), "missing");
}

TEST_F(fifo_input_replaced, the_hosts_own_is_not_removed_at_the_end) {
  ::unlink(path.c_str());
  make_fifo(path);
  loop.run_ready();
  EXPECT_EQ(log.field("fifo_replaced", "made_again"), "false");
  input->finish(false, false);
  EXPECT_EQ(kind_of(path), "fifo");
}

TEST_F(fifo_input_replaced, what_is_unread_in_the_old_one_comes_first) {
  put(writer(), std::string(60'000, 'x'));
  ::unlink(path.c_str());
  make_fifo(path);
  loop.run_ready(); // nobody reads at this moment
  EXPECT_EQ(read(), std::string(60'000, 'x'));
  start_read();
  loop.run_ready();
  put(writer(), "new");
  EXPECT_EQ(await(), "new");
}

TEST_F(fifo_input_replaced, also_if_a_read_was_waiting) {
  start_read();
  loop.run_ready();
  put(writer(), "old");
  ::unlink(path.c_str());
  make_fifo(path);
  EXPECT_EQ(await(), "old");
  host_thread host{loop, [&] { put(open_blocking(path, O_WRONLY), "new"); }};
  EXPECT_EQ(read(), "new");
}

TEST_F(fifo_input_replaced, a_writer_of_the_old_one_notices) {
  auto old = writer();
  start_read();
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(::write(old.get(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(fifo_input_replaced, half_a_line_in_the_old_one_is_ended) {
  auto old = writer();
  put(old, "half");
  EXPECT_EQ(read(), "half");
  input->report_end(true);
  start_read();
  loop.run_ready();
  ::unlink(path.c_str());
  EXPECT_EQ(await(), "END");
  input->report_end(false);
  put(writer(), "new\n");
  EXPECT_EQ(read(), "new\n");
}

TEST_F(fifo_input_replaced, something_else_at_the_path_is_waited_out) {
  start_read();
  loop.run_ready();
  ::unlink(path.c_str());
  write_file(path, "content");
  loop.run_ready();
  EXPECT_FALSE(got);
  EXPECT_EQ(log.count("fifo_unusable"), 1u);
  EXPECT_EQ(read_file(path), "content");
  ::unlink(path.c_str());
  loop.run_ready();
  put(writer(), "hello");
  EXPECT_EQ(await(), "hello");
}

TEST_F(fifo_input_replaced, moved_away_and_back_it_is_the_same) {
  for (bool reads : {false, true}) {
    if (reads)
      start_read();
    std::filesystem::rename(path, home / "old");
    write_file(path, "content"); // so that no new one is made
    loop.run_ready();
    std::filesystem::rename(home / "old", path);
    loop.run_ready();
    if (!reads)
      start_read();
    put(writer(), "hello");
    EXPECT_EQ(await(), "hello");
  }
}

TEST_F(fifo_input_replaced, a_hundred_times_in_a_row) {
  for (int i = 0; i < 100; ++i) {
    put(writer(), std::to_string(i));
    ::unlink(path.c_str());
    if (i % 3 == 0)
      make_fifo(path);
    if (i % 2 == 0)
      loop.run_ready();
    EXPECT_EQ(read(), std::to_string(i));
    start_read();
    loop.run_ready();
    EXPECT_FALSE(got);
    input->cancel();
  }
}

// -- output -------------------------------------------------------------------

class fifo_output_replaced : public fifo_replaced {
public:
  std::optional<fifo_output> output;
  int moved = 0;

  fifo_output_replaced() { open(runtime::stream_kind::lines); }

  void open(runtime::stream_kind kind) {
    output.reset();
    output.emplace(loop, watch, log, place(), stream, cursor_at(stream.end()),
                   kind);
    output->on_moved([this] { ++moved; });
  }

  void write(std::string_view text) {
    give(text);
    output->let_go(stream.end());
  }

  std::uint64_t pending() const { return stream.end() - output->position(); }

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

TEST_F(fifo_output_replaced, whatever_happens_nothing_unread_is_lost) {
  for (const auto& replace : replacements()) {
    write("one\n");
    write("two\n");
    replace();
    loop.run_ready();
    ASSERT_EQ(kind_of(path), "fifo");
    write("three\n");
    EXPECT_EQ(take_all(), "one\ntwo\nthree\n");
  }
}

TEST_F(fifo_output_replaced, a_torn_line_is_carried_over_whole) {
  write("one\ntwo\nthree\n");
  auto reader = open_fifo_reader(path);
  EXPECT_EQ(read_some(reader.get(), 6), "one\ntw");
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(take_all(), "two\nthree\n");
  char byte;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0); // the end of the old one
}

TEST_F(fifo_output_replaced, what_was_pending_is_carried_over_too) {
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    auto line = std::to_string(i) + std::string(1000, 'x') + "\n";
    expected += line;
    write(line);
  }
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_TRUE(take_all() == expected);
  EXPECT_EQ(pending(), 0u);
  EXPECT_GT(moved, 0);
}

TEST_F(fifo_output_replaced, raw_bytes_are_carried_over_as_they_are) {
  open(runtime::stream_kind::raw);
  std::string all;
  for (int i = 0; i < 20'000; ++i)
    all += std::to_string(i);
  write(all);
  {
    auto reader = open_fifo_reader(path);
    EXPECT_EQ(read_some(reader.get(), 1234), all.substr(0, 1234));
  }
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_TRUE(take_all() == all.substr(1234));
}

TEST_F(fifo_output_replaced, while_something_else_is_there_output_waits) {
  write("one\n");
  ::unlink(path.c_str());
  write_file(path, "content");
  loop.run_ready();
  EXPECT_EQ(pending(), 4u);
  EXPECT_EQ(moved, 1); // backwards
  write("two\n");
  EXPECT_EQ(pending(), 8u);
  EXPECT_EQ(log.count("fifo_unusable"), 1u);
  EXPECT_EQ(read_file(path), "content");
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(pending(), 0u);
  EXPECT_EQ(moved, 2);
  EXPECT_EQ(take_all(), "one\ntwo\n");
}

TEST_F(fifo_output_replaced, a_line_that_is_being_cut_stays_cut) {
  constexpr std::size_t block = 64 * 1024;
  auto reader = open_fifo_reader(path);
  for (int i = 0; i < 40; ++i) {
    write(std::string(block, 'x'));
    read_some(reader.get(), block);
    loop.run_ready();
  }
  reader.reset();
  loop.run_ready();
  write("cut");
  ::unlink(path.c_str());
  loop.run_ready();
  write(" this\nnext\n");
  EXPECT_EQ(take_all(), "next\n");
  EXPECT_EQ(log.field("output_line_cut", "bytes_skipped"), "9");
}

} // namespace

} // namespace container_agent::test
