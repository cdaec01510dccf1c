#include "main/fifo/fifo_output.hpp"

#include "test/fifo/fifo_fixture.hpp"

#include <optional>

/// What one agent leaves to the next at the host's output.
namespace container_agent::test {

namespace {

using runtime::fifo_output;

class fifo_output_handover : public fifo_fixture {
public:
  std::optional<fifo_output> output;
  std::uint64_t read_to = 0; // as noted

  fifo_output_handover() { begin(0); }

  // As a new agent does.
  void begin(std::uint64_t position) {
    output.reset();
    output.emplace(loop, watch, log, place(), stream, cursor_at(position));
    output->on_read([this](std::uint64_t offset) { read_to = offset; });
  }

  void write(std::string_view text) {
    give(text);
    output->let_go(stream.end());
  }

  std::string all_there_is() {
    loop.run_ready();
    return read_now(open_fifo_reader(path).get());
  }
};

} // namespace

TEST_F(fifo_output_handover, gives_the_rest_of_a_line_to_its_reader) {
  give("line\nnext\n");
  begin(2);
  output->let_go(stream.end());
  EXPECT_EQ(all_there_is(), "ne\nnext\n");
}

TEST_F(fifo_output_handover, gives_a_later_reader_the_whole_line) {
  give("line\nnext\n");
  begin(2);
  open_fifo_reader(path).reset(); // it had the line's start, before
  loop.run_ready();
  output->let_go(stream.end());
  EXPECT_EQ(all_there_is(), "line\nnext\n");
}

TEST_F(fifo_output_handover, goes_on_where_the_reader_of_both_is) {
  write("one\ntwo\nthree\n");
  auto reader = open_fifo_reader(path);
  EXPECT_EQ(read_some(reader.get(), 5), "one\nt");
  begin(output->position());
  write("four\n");
  EXPECT_EQ(read_now(reader.get()), "wo\nthree\nfour\n");
}

TEST_F(fifo_output_handover, leaves_what_nobody_has_read_to_the_next_agent) {
  write("one\ntwo\nthree\n");
  EXPECT_EQ(read_some(open_fifo_reader(path).get(), 5), "one\nt");
  output->finish(true);
  EXPECT_EQ(output->position(), 4u);
  EXPECT_EQ(read_to, 4u);
  begin(output->position());
  output->let_go(stream.end());
  EXPECT_EQ(all_there_is(), "two\nthree\n");
}

TEST_F(fifo_output_handover, notes_what_the_host_has_read) {
  write("one\ntwo\nthree\n");
  EXPECT_EQ(read_to, 0u);
  EXPECT_EQ(read_some(open_fifo_reader(path).get(), 4), "one\n");
  loop.run_ready();
  EXPECT_EQ(read_to, 4u);
  write("four\n");
  EXPECT_EQ(read_to, 4u);
}

// The first agent was killed, and what its FIFO held is not known.
TEST_F(fifo_output_handover, begins_with_a_line_where_only_the_note_is_left) {
  write("one\ntwo\nthree\n");
  auto reader = open_fifo_reader(path);
  EXPECT_EQ(read_some(reader.get(), 1), "o");
  begin(6);
  output->begin_with_line();
  output->let_go(stream.end());
  EXPECT_EQ(read_now(reader.get()), "two\nthree\n");
}

TEST_F(fifo_output_handover, a_holder_of_the_writing_end_keeps_the_content) {
  unique_fd held;
  output->on_writer([&](int fd) { held = unique_fd{::dup(fd)}; });
  write("one\ntwo\n");
  auto position = output->position();
  // As a kill does, all that the agent had open is closed: not by `finish`.
  auto before = open_fifo_reader(path);
  output.reset();
  before.reset();
  begin(position);
  EXPECT_EQ(all_there_is(), "one\ntwo\n");
}

TEST_F(fifo_output_handover, a_holder_is_given_each_new_fifo) {
  int given = 0;
  output->on_writer([&](int) { ++given; });
  EXPECT_EQ(given, 1);
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(given, 2);
}

TEST_F(fifo_output_handover, what_a_lost_log_had_is_counted_if_it_goes) {
  auto stranger = open_fifo_reader(path);
  auto writer = try_open_fifo_writer(path);
  ASSERT_EQ(::write(writer->get(), "old line\n", 9), 9);
  EXPECT_EQ(read_some(stranger.get(), 3), "old");
  begin(0);
  write("new\n");
  ::unlink(path.c_str());
  loop.run_ready();
  EXPECT_EQ(all_there_is(), "new\n");
  EXPECT_EQ(log.field("output_line_cut", "bytes_skipped"), "6");
}

TEST_F(fifo_output_handover, what_it_made_is_removed) {
  output->finish(false);
  loop.run_ready();
  EXPECT_EQ(kind_of(path), "missing");
}

TEST_F(fifo_output_handover, a_reader_gets_the_rest_and_the_end) {
  write("last words\n");
  auto reader = open_fifo_reader(path);
  output->finish(false);
  EXPECT_EQ(read_some(reader.get(), 1000), "last words\n");
  EXPECT_EQ(output->position(), stream.end());
  EXPECT_EQ(read_to, stream.end());
}

TEST_F(fifo_output_handover, what_nobody_has_read_is_counted) {
  write(std::string(100'000, 'x'));
  output->finish(true);
  EXPECT_EQ(log.field("output_left_unread", "bytes_in_fifo"), "65536");
  EXPECT_EQ(log.field("output_left_unread", "bytes_pending"), "34464");
}

} // namespace container_agent::test
