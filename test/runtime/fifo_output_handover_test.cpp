#include "main/runtime/fifo_output.hpp"

#include "test/runtime/fifo_fixture.hpp"

/// What one agent leaves to the next at the host's output.
namespace container_agent::test {

namespace {

using runtime::fifo_output;

class fifo_output_handover : public fifo_fixture {
public:
  fifo_output output{loop, watch, log, place()};

  void write(std::string text) { output.write(bytes{std::move(text)}); }

  std::string all_there_is() {
    loop.run_ready();
    return read_now(open_fifo_reader(path).get());
  }
};

} // namespace

TEST_F(fifo_output_handover, gives_the_rest_of_a_line_to_its_reader) {
  output.begin_in_line();
  write("rest\nnext\n");
  EXPECT_EQ(all_there_is(), "rest\nnext\n");
}

TEST_F(fifo_output_handover, has_no_rest_of_a_line_for_a_later_reader) {
  output.begin_in_line();
  open_fifo_reader(path).reset(); // it had the line's start, before
  loop.run_ready();
  write("rest\nnext\n");
  EXPECT_EQ(all_there_is(), "next\n");
  EXPECT_EQ(log.field("output_line_cut", "bytes_skipped"), "5");
}

TEST_F(fifo_output_handover, what_it_made_is_removed) {
  output.finish(false);
  loop.run_ready();
  EXPECT_EQ(kind_of(path), "missing");
}

TEST_F(fifo_output_handover, a_reader_gets_the_rest_and_the_end) {
  write("last words\n");
  auto reader = open_fifo_reader(path);
  output.finish(false);
  EXPECT_EQ(read_some(reader.get(), 1000), "last words\n");
}

TEST_F(fifo_output_handover, what_nobody_has_read_is_counted) {
  write(std::string(100'000, 'x'));
  output.finish(true);
  EXPECT_EQ(log.field("output_left_unread", "bytes_in_fifo"), "65536");
  EXPECT_EQ(log.field("output_left_unread", "bytes_pending"), "34464");
}

namespace {

/// Says how much it was told to leave out.
class noting_writer : public runtime::piece_writer {
public:
  std::string left;

  ssize_t write(int to, const bytes& piece) override {
    return ::write(to, piece.view().data(), piece.size());
  }
  void leave_out(const bytes& piece) override { left += piece.view(); }
};

class fifo_output_leaves_out : public fifo_fixture {
public:
  noting_writer writer;
  runtime::fifo_output output{
    loop, watch, log, place(), runtime::content::lines, &writer};
};

} // namespace

TEST_F(fifo_output_leaves_out, what_is_unwanted_at_once) {
  output.write(bytes{"one\n"});
  output.leave_out(bytes{"own\n"});
  EXPECT_EQ(writer.left, "own\n");
}

// Else it would stay where it is for as long as nothing else is written.
TEST_F(fifo_output_leaves_out, what_is_unwanted_once_the_host_has_read) {
  auto reader = open_fifo_reader(path);
  const std::string much(200'000, 'x');
  output.write(bytes{much + '\n'});
  ASSERT_GT(output.pending(), 0U);
  output.leave_out(bytes{"own\n"});
  EXPECT_EQ(writer.left, "");
  std::string read;
  ASSERT_TRUE(run_until([&] {
    read += read_some(reader.get(), 64 * 1024);
    return !writer.left.empty();
  }));
  EXPECT_EQ(writer.left, "own\n");
  EXPECT_EQ(output.pending(), 0U);
}

} // namespace container_agent::test
