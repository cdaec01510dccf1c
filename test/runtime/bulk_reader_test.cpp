#include "main/runtime/bulk_reader.hpp"

#include "main/runtime/fifo_output.hpp"
#include "main/runtime/pipe_sink.hpp"
#include "main/runtime/pipe_source.hpp"
#include "test/runtime/fifo_fixture.hpp"
#include "test/support/process_limit.hpp"
#include "test/support/random_bytes.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace container_agent::test {

namespace {

using runtime::bulk_reader;
using runtime::content;
using runtime::write_piece;

constexpr int large = 1 << 20;

/// A pipe that holds a megabyte; neither end waits.
pipe_ends make_large_pipe() {
  auto pipe = make_pipe();
  if (::fcntl(pipe.writer.get(), F_SETPIPE_SZ, large) < large)
    throw std::runtime_error{"no large pipe"};
  ::fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

class bulk_reader_test : public testing::Test {
public:
  pipe_ends in = make_large_pipe();
  pipe_ends out = make_large_pipe();
  bulk_reader reader{content::raw};

  void put(std::string_view text) const {
    ASSERT_EQ(::write(in.writer.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  std::string got() const { return read_now(out.reader.get()); }

  // A piece that was not read.
  bytes take(std::string_view text) {
    put(text);
    reader.has_read(read_size);
    auto piece = reader.take(in.reader.get());
    EXPECT_TRUE(piece.store());
    EXPECT_EQ(piece.size(), text.size());
    return piece;
  }
};

TEST_F(bulk_reader_test, what_is_taken_is_written_as_it_came) {
  auto text = random_bytes(read_size);
  auto piece = take(text);
  EXPECT_EQ(write_piece(out.writer.get(), piece), ssize_t{read_size});
  EXPECT_EQ(difference(got(), text), "");
}

TEST_F(bulk_reader_test, it_begins_once_a_read_was_full) {
  put(random_bytes(4 * read_size));
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
  reader.has_read(read_size - 1);
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
  reader.has_read(read_size);
  EXPECT_EQ(reader.take(in.reader.get()).size(), read_size);
}

TEST_F(bulk_reader_test, it_ends_with_a_piece_that_is_small) {
  take("few");
  put(random_bytes(2 * read_size));
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
}

TEST_F(bulk_reader_test, what_somebody_looks_at_is_read) {
  bulk_reader lines{content::lines};
  lines.has_read(read_size);
  put(random_bytes(read_size));
  EXPECT_TRUE(lines.take(in.reader.get()).empty());
}

TEST_F(bulk_reader_test, of_nothing_and_of_the_end_read_tells) {
  reader.has_read(read_size);
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
  in.writer.reset();
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
}

TEST_F(bulk_reader_test, what_does_not_fit_stays_for_later) {
  ::fcntl(out.writer.get(), F_SETPIPE_SZ, 16 * 1024);
  auto text = random_bytes(read_size);
  auto rest = take(text);
  std::string all;
  while (!rest.empty()) {
    auto count = write_piece(out.writer.get(), rest);
    ASSERT_GT(count, 0);
    ASSERT_LE(count, 16 * 1024);
    rest = rest.part(static_cast<std::size_t>(count));
    if (!rest.empty()) {
      EXPECT_EQ(write_piece(out.writer.get(), rest), -1);
      EXPECT_EQ(errno, EAGAIN);
    }
    all += got();
  }
  EXPECT_EQ(difference(all, text), "");
}

TEST_F(bulk_reader_test, who_looks_after_all_sees_it_and_it_can_be_written) {
  auto text = random_bytes(read_size);
  auto piece = take(text);
  EXPECT_TRUE(piece.view() == text);
  EXPECT_TRUE(piece.part(10, 20).view() == text.substr(10, 20));
  EXPECT_EQ(write_piece(out.writer.get(), piece.part(100)),
            ssize_t{read_size - 100});
  EXPECT_TRUE(got() == text.substr(100));
}

// A defect must not become wrong bytes.
TEST_F(bulk_reader_test, what_was_moved_is_neither_seen_nor_moved_again) {
  auto piece = take(random_bytes(read_size));
  EXPECT_THROW(write_piece(out.writer.get(), piece.part(1)), std::logic_error);
  write_piece(out.writer.get(), piece);
  EXPECT_THROW(write_piece(out.writer.get(), piece), std::logic_error);
  EXPECT_THROW(piece.view(), std::logic_error);
  EXPECT_EQ(got().size(), read_size);
}

TEST_F(bulk_reader_test, a_reader_that_has_left_is_an_error) {
  auto piece = take(random_bytes(read_size));
  out.reader.reset();
  runtime::prepare_process(); // no SIGPIPE
  EXPECT_EQ(write_piece(out.writer.get(), piece), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(bulk_reader_test, only_so_many_pieces_are_on_their_way) {
  std::vector<bytes> pieces;
  for (std::size_t i = 0; i < bulk_reader::max_pieces; ++i)
    pieces.push_back(take(random_bytes(read_size)));
  put(random_bytes(read_size));
  reader.has_read(read_size);
  EXPECT_TRUE(reader.take(in.reader.get()).empty());
  // Whoever sent it on still has it.
  write_piece(out.writer.get(), pieces.front());
  EXPECT_EQ(reader.take(in.reader.get()).size(), read_size);
}

TEST_F(bulk_reader_test, pieces_that_nobody_wants_make_place_for_others) {
  for (std::size_t i = 0; i < 3 * bulk_reader::max_pieces; ++i)
    take(random_bytes(read_size));
}

TEST_F(bulk_reader_test, pieces_may_outlive_their_reader) {
  auto before = open_descriptors();
  auto text = random_bytes(read_size);
  {
    std::optional<bulk_reader> short_lived{content::raw};
    put(text);
    short_lived->has_read(read_size);
    auto piece = short_lived->take(in.reader.get());
    short_lived.reset();
    write_piece(out.writer.get(), piece);
  }
  EXPECT_EQ(difference(got(), text), "");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(bulk_reader_test, without_a_pipe_to_be_had_read_has_to_do) {
  reader.has_read(read_size);
  put(random_bytes(read_size));
  {
    process_limit none{RLIMIT_NOFILE, 0};
    EXPECT_TRUE(reader.take(in.reader.get()).empty());
  }
  EXPECT_TRUE(reader.take(in.reader.get()).empty()) << "it tries no more";
}

// -- source and sink ----------------------------------------------------------

/// Everything through a source and a sink, with a reader that is slow at first.
class moved_in_bulk : public loop_fixture {
public:
  pipe_ends in = make_large_pipe();
  pipe_ends out = make_pipe();
  runtime::pipe_source source{loop, content::raw};
  runtime::pipe_sink sink{loop};
  std::size_t stored = 0;
  bool at_end = false;

  moved_in_bulk() {
    ::fcntl(out.reader.get(), F_SETFL, O_NONBLOCK);
    source.open(in.reader.release());
    sink.open(out.writer.release());
    sink.on_drained([this] { pass_on(); });
  }

  // Until something is pending, and again when it is not.
  void pass_on() {
    if (at_end || sink.pending() > 0)
      return;
    source.read([this](const byte_source::result& found) {
      at_end = found.at_end;
      if (auto piece = found.keep(); !piece.empty()) {
        stored += piece.store() ? 1 : 0;
        sink.write(std::move(piece));
      }
      pass_on();
    });
  }
};

TEST_F(moved_in_bulk, everything_arrives_in_order_whatever_its_size) {
  // Much, then little, then much: read(2) and splice(2) in turns.
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 60; ++i)
    for (std::size_t size : {3 * read_size, std::size_t{5}, read_size,
                             std::size_t{3000}, 2 * read_size})
      sizes.push_back(size);
  deadline until;
  std::string sent;
  std::string all;
  pass_on();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    auto text = random_bytes(sizes[i], i);
    sent += text;
    std::string_view rest{text};
    while (!rest.empty() && !until.passed()) {
      auto count = ::write(in.writer.get(), rest.data(), rest.size());
      rest.remove_prefix(static_cast<std::size_t>(std::max(count, ssize_t{0})));
      loop.run_ready();
      if (rest.empty() ? i % 7 == 0 : true)
        all += read_now(out.reader.get());
    }
  }
  in.writer.reset();
  while (!(at_end && sink.pending() == 0) && !until.passed()) {
    all += read_now(out.reader.get());
    loop.run_ready();
  }
  all += read_now(out.reader.get());
  EXPECT_EQ(difference(all, sent), "");
  EXPECT_GT(stored, 100u) << "it was read, not moved";
}

TEST_F(moved_in_bulk, what_is_pending_can_be_taken_away_and_written_later) {
  auto text = random_bytes(6 * read_size);
  ASSERT_EQ(::write(in.writer.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  pass_on();
  loop.run_ready();
  ASSERT_EQ(sink.pending(), read_size); // a pipe's content has gone out
  auto pieces = sink.take_pending();
  EXPECT_TRUE(pieces.front().store());
  auto all = read_now(out.reader.get());
  for (auto& piece : pieces)
    sink.write(std::move(piece));
  pass_on();
  for (int i = 0; i < 100; ++i) {
    all += read_now(out.reader.get());
    loop.run_ready();
  }
  EXPECT_EQ(difference(all, text), "");
}

// -- the output ---------------------------------------------------------------

class moved_output : public fifo_replaced {};

TEST_F(moved_output, a_replaced_fifo_takes_over_what_was_moved) {
  runtime::fifo_output output{loop, watch, log, place(), content::raw};
  auto in = make_large_pipe();
  bulk_reader reader{content::raw};
  auto text = random_bytes(5 * read_size);
  ASSERT_EQ(::write(in.writer.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  reader.has_read(read_size);
  for (int i = 0; i < 5; ++i)
    output.write(reader.take(in.reader.get()));
  ASSERT_EQ(output.pending(), 4 * read_size);
  ::unlink(path.c_str());
  loop.run_ready();
  std::string all;
  auto fifo = open_fifo_reader(path);
  while (all.size() < text.size() && !HasFailure()) {
    auto more = read_now(fifo.get());
    ASSERT_FALSE(more.empty()) << "after " << all.size();
    all += more;
    loop.run_ready();
  }
  EXPECT_EQ(difference(all, text), "");
}

} // namespace

} // namespace container_agent::test
