#include "main/fifo/host_cursor.hpp"

#include "test/fifo/fifo_fixture.hpp"

#include <random>

namespace container_agent::test {

namespace {

using runtime::host_cursor;
using runtime::stream_kind;

class host_cursor_test : public fifo_fixture {
public:
  runtime::pipe_ends pipe = runtime::make_pipe(O_NONBLOCK);

  host_cursor cursor(std::uint64_t at = 0,
                     stream_kind kind = stream_kind::lines) {
    return {stream, cursor_at(at), kind};
  }

  // What goes, up to there.
  std::string move(host_cursor& from, std::uint64_t limit) {
    std::string result;
    while (from.waits(limit)) {
      from.move_to(pipe.writer.get(), limit);
      result += read_now(pipe.reader.get());
    }
    return result;
  }
};

TEST_F(host_cursor_test, goes_back_to_the_start_of_a_line) {
  give("one\ntwo\nthree\n");
  auto it = cursor();
  EXPECT_EQ(move(it, 100), "one\ntwo\nthree\n");
  EXPECT_EQ(it.read_to(8), 6u);
  EXPECT_TRUE(it.within_line(8));
  EXPECT_EQ(it.go_back(8), 2u);
  EXPECT_EQ(it.position(), 4u);
  EXPECT_EQ(move(it, 100), "two\nthree\n");
  EXPECT_FALSE(it.within_line(6));
  EXPECT_EQ(it.go_back(6), 0u);
  EXPECT_EQ(it.position(), 8u);
}

TEST_F(host_cursor_test, goes_back_to_the_first_raw_byte_that_was_not_read) {
  give("one\ntwo\nthree\n");
  auto it = cursor(0, stream_kind::raw);
  move(it, 100);
  EXPECT_FALSE(it.within_line(8));
  EXPECT_EQ(it.go_back(8), 0u);
  EXPECT_EQ(it.position(), 6u);
}

// Which begins exactly that far back, or one byte more.
TEST_F(host_cursor_test,
       leaves_the_rest_of_a_line_out_that_began_too_far_back) {
  give("first\n" + std::string(host_cursor::max_line_start + 1, 'x'));
  auto it = cursor();
  move(it, stream.end());
  EXPECT_TRUE(it.within_line(1));
  EXPECT_EQ(it.go_back(1), host_cursor::max_line_start);
  EXPECT_EQ(it.position(), 6u);
  EXPECT_FALSE(it.cuts());
  move(it, stream.end());
  EXPECT_TRUE(it.within_line(0));
  it.go_back(0);
  EXPECT_TRUE(it.cuts());
  EXPECT_FALSE(it.within_line(0));
  give("yy");
  EXPECT_EQ(it.skip_line(stream.end() - 1), 0u);
  EXPECT_EQ(it.position(), stream.end() - 1);
  EXPECT_EQ(move(it, stream.end()), "");
  give("\nnext\n");
  EXPECT_EQ(it.skip_line(stream.end()), 3u);
  EXPECT_EQ(move(it, stream.end()), "next\n");
}

TEST_F(host_cursor_test, tells_what_it_does_not_know) {
  give("one\n");
  auto it = cursor();
  move(it, 4);
  it.go_back(10);
  EXPECT_EQ(it.position(), 0u);
  EXPECT_EQ(it.skip_line(4), 6u);
  EXPECT_EQ(it.skip_line(4), 0u);
}

TEST_F(host_cursor_test, trusts_no_place_in_what_another_agent_has_moved) {
  give("one\ntwo\nthree\n");
  auto it = cursor(stream.end());
  it.distrust_behind(5);
  EXPECT_FALSE(it.within_line(0));
  EXPECT_EQ(it.read_to(0), stream.end());
  EXPECT_TRUE(it.within_line(6)) << "lines may have been struck";
  EXPECT_EQ(it.read_to(6), 5u);
  EXPECT_EQ(it.read_to(10), 4u);
  it.go_back(6);
  EXPECT_EQ(it.position(), 4u);
  EXPECT_EQ(move(it, stream.end()), "two\nthree\n");
  EXPECT_FALSE(it.within_line(6)) << "this one has moved it itself";
}

// Lines of all lengths, some struck, one after the other and apart; readers
// that leave anywhere.
TEST_F(host_cursor_test, finds_where_any_reader_has_left) {
  std::mt19937 random{1};
  std::string all;                   // that is not struck
  std::vector<std::uint64_t> offset; // of each byte of it
  for (int i = 0; i < 300; ++i) {
    auto line = std::string(random() % 20, static_cast<char>('a' + i % 26));
    line += '\n';
    auto from = stream.end();
    give(line);
    if (random() % 3 == 0) {
      stream.strike(from, stream.end());
      continue;
    }
    for (std::size_t at = 0; at < line.size(); ++at)
      offset.push_back(from + at);
    all += line;
  }
  offset.push_back(stream.end());
  auto it = cursor();
  ASSERT_EQ(move(it, stream.end()), all);
  for (std::size_t unread = 1; unread <= all.size(); ++unread) {
    auto read = all.size() - unread;
    EXPECT_EQ(it.read_to(unread), offset[read]);
    auto start = all.rfind('\n', read - 1);
    start = read == 0 || start == std::string::npos ? 0 : start + 1;
    ASSERT_EQ(it.within_line(unread), read != start) << unread;
    auto again = cursor(it.position());
    ASSERT_EQ(again.go_back(unread), read - start);
    ASSERT_EQ(again.position(), offset[start]);
    ASSERT_EQ(move(again, stream.end()), all.substr(start));
  }
}

} // namespace

} // namespace container_agent::test
