#include "main/runtime/peeked_pipe.hpp"

#include "main/runtime/fifo_end.hpp"
#include "test/runtime/loop_fixture.hpp"
#include "test/support/fifo.hpp"
#include "test/support/temp_dir.hpp"

#include <optional>
#include <string>

namespace container_agent::test {

namespace {

using runtime::move_note;
using runtime::peeked_pipe;

class peeked_pipe_test : public loop_fixture {
public:
  temp_dir dir;
  move_note note;
  peeked_pipe source{loop, note};
  unique_fd writer; // Claude's end
  pipe_ends host = make_pipe();

  void SetUp() override {
    make_fifo(dir / "fifo");
    writer = unique_fd{open(0).release()};
    ::fcntl(writer.get(), F_SETPIPE_SZ, 1024 * 1024);
    ASSERT_FALSE(source.open(open(O_NONBLOCK)));
    for (int end : {host.reader.get(), host.writer.get()})
      ::fcntl(end, F_SETFL, O_NONBLOCK);
  }

  runtime::unique_fd open(int flags) const {
    return runtime::unique_fd{
      ::open((dir / "fifo").c_str(), O_RDWR | O_CLOEXEC | flags)};
  }

  void say(std::string_view text) {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  std::size_t in_fifo() const { return runtime::unread_bytes(writer.get()); }

  /// What a read finds, with its origin.
  bytes read() {
    std::optional<bytes> result;
    source.read([&](const byte_source::result& found) {
      result = found.keep().with_origin(found.origin);
    });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result.value_or(bytes{});
  }

  ssize_t give(const bytes& piece) {
    return source.writer().write(host.writer.get(), piece);
  }

  std::string host_has() { return runtime::read_all(host.reader.get()); }
};

} // namespace

TEST_F(peeked_pipe_test, what_was_read_is_still_there) {
  say("one\ntwo\n");
  auto found = read();
  EXPECT_EQ(found, bytes{"one\ntwo\n"});
  EXPECT_EQ(found.origin(), 0U);
  EXPECT_EQ(in_fifo(), 8U);
}

TEST_F(peeked_pipe_test, a_next_read_finds_only_what_is_new) {
  say("one\n");
  read();
  say("two\n");
  auto found = read();
  EXPECT_EQ(found, bytes{"two\n"});
  EXPECT_EQ(found.origin(), 4U);
}

TEST_F(peeked_pipe_test, a_read_sleeps_beside_old_bytes_until_new_ones_come) {
  say("one\n");
  read();
  bool called = false;
  source.read([&](const auto&) { called = true; });
  loop.run_ready();
  EXPECT_EQ(loop.run_ready(), 0U) << "it asks again and again";
  EXPECT_FALSE(called);
  say("two\n");
  EXPECT_TRUE(run_until([&] { return called; }));
}

TEST_F(peeked_pipe_test, writing_a_piece_moves_it) {
  say("one\ntwo\n");
  auto found = read();
  EXPECT_EQ(give(found.part(0, 4)), 4);
  EXPECT_EQ(in_fifo(), 4U);
  EXPECT_EQ(host_has(), "one\n");
  EXPECT_EQ(give(found.part(4)), 4);
  EXPECT_EQ(in_fifo(), 0U);
  EXPECT_EQ(host_has(), "two\n");
}

TEST_F(peeked_pipe_test, what_lies_before_a_piece_is_thrown_away) {
  say("one\nswallowed\ntwo\n");
  auto found = read();
  EXPECT_EQ(give(found.part(0, 4)), 4);
  EXPECT_EQ(give(found.part(14)), 4);
  EXPECT_EQ(host_has(), "one\ntwo\n");
  EXPECT_EQ(in_fifo(), 0U);
}

TEST_F(peeked_pipe_test, what_is_left_out_is_thrown_away_at_once) {
  say("one\nleft out\ntwo\n");
  auto found = read();
  EXPECT_EQ(give(found.part(0, 4)), 4);
  source.writer().leave_out(found.part(4, 9));
  EXPECT_EQ(in_fifo(), 4U);
  source.writer().leave_out(found.part(4, 9)); // again: it has gone
  EXPECT_EQ(in_fifo(), 4U);
  EXPECT_EQ(note.begin(), 13U);
  EXPECT_EQ(give(found.part(13)), 4);
  EXPECT_EQ(host_has(), "one\ntwo\n");
}

// The agent has ended Claude's line, as its time was up, and was killed before
// Claude had ended.
TEST_F(peeked_pipe_test, the_rest_of_a_line_that_was_ended_is_thrown_away) {
  say("one\nhalf a ");
  auto found = read();
  EXPECT_EQ(give(found), 11);
  EXPECT_FALSE(note.line_cut());
  EXPECT_EQ(give(bytes{"\n"}), 1);
  EXPECT_TRUE(note.line_cut());
  source.skip_line(true);
  say("line, ");
  bool called = false;
  bytes behind;
  source.read([&](const auto& r) {
    called = true;
    behind = r.keep().with_origin(r.origin);
  });
  loop.run_ready();
  EXPECT_FALSE(called);
  EXPECT_EQ(in_fifo(), 0U) << "a long one could fill it";
  say("and more\ntwo\n");
  ASSERT_TRUE(run_until([&] { return called; }));
  EXPECT_EQ(behind, bytes{"two\n"});
  EXPECT_EQ(in_fifo(), 4U);
  EXPECT_FALSE(note.line_cut());
  EXPECT_EQ(give(behind), 4);
  EXPECT_EQ(host_has(), "one\nhalf a \ntwo\n");
}

TEST_F(peeked_pipe_test, of_the_next_child_nothing_is_thrown_away) {
  say("half a ");
  EXPECT_EQ(give(read()), 7);
  EXPECT_EQ(give(bytes{"\n"}), 1);
  source.skip_line(true);
  source.forget_line(); // it has died
  EXPECT_FALSE(note.line_cut());
  say("one\n");
  EXPECT_EQ(read(), bytes{"one\n"});
}

TEST_F(peeked_pipe_test, the_end_of_a_dead_childs_line_cuts_nothing) {
  say("half a ");
  EXPECT_EQ(give(read()), 7);
  source.forget_line(); // the LF waits for room
  EXPECT_EQ(give(bytes{"\n"}), 1);
  EXPECT_FALSE(note.line_cut());
}

TEST_F(peeked_pipe_test, a_line_that_begins_behind_an_ended_one_is_not) {
  say("half a ");
  EXPECT_EQ(give(read()), 7);
  EXPECT_EQ(give(bytes{"\n"}), 1); // of a Claude that has died
  EXPECT_TRUE(note.line_cut());
  say("two\n");
  EXPECT_EQ(give(read()), 4);
  EXPECT_FALSE(note.line_cut());
}

TEST_F(peeked_pipe_test, positions_go_on_from_an_earlier_agent) {
  source.begin_at(1000);
  say("one\ntwo\n");
  auto found = read();
  EXPECT_EQ(found.origin(), 1000U);
  EXPECT_EQ(give(found.part(0, 4)), 4);
  EXPECT_EQ(note.begin(), 1004U);
  EXPECT_EQ(host_has(), "one\n");
}

TEST_F(peeked_pipe_test, our_own_lines_go_between) {
  say("one\ntwo\n");
  auto found = read();
  EXPECT_EQ(give(found.part(0, 4)), 4);
  EXPECT_EQ(give(bytes{"own\n"}), 4);
  EXPECT_EQ(give(found.part(4)), 4);
  EXPECT_EQ(host_has(), "one\nown\ntwo\n");
}

TEST_F(peeked_pipe_test, a_piece_that_was_moved_before_is_written_again) {
  say("one\ntwo\n");
  auto found = read();
  EXPECT_EQ(give(found.part(0, 6)), 6);
  EXPECT_EQ(host_has(), "one\ntw");
  // A new reader gets its line again, from the start.
  EXPECT_EQ(give(found.part(4)), 2);
  EXPECT_EQ(give(found.part(6)), 2);
  EXPECT_EQ(host_has(), "two\n");
  EXPECT_EQ(in_fifo(), 0U);
}

TEST_F(peeked_pipe_test, a_full_output_takes_a_part_and_the_rest_stays) {
  const std::string line(200'000, 'x');
  say(line);
  bytes all = read();
  std::string text{all.view()};
  while (text.size() < line.size())
    text += read().view();
  auto rest = bytes{text}.with_origin(0);
  std::string got;
  while (!rest.empty()) {
    auto count = give(rest);
    if (count < 0) {
      ASSERT_EQ(errno, EAGAIN);
      EXPECT_EQ(in_fifo(), rest.size());
      got += host_has();
      continue;
    }
    rest = rest.part(static_cast<std::size_t>(count));
  }
  EXPECT_EQ(got + host_has(), line);
  EXPECT_TRUE(note.in_line());
}

TEST_F(peeked_pipe_test, finds_the_end_when_told_that_there_is_one) {
  say("last\n");
  EXPECT_EQ(read(), bytes{"last\n"});
  bool at_end = false;
  source.read([&](const auto& found) { at_end = found.at_end; });
  loop.run_ready();
  EXPECT_FALSE(at_end);
  source.expect_end(true);
  EXPECT_TRUE(run_until([&] { return at_end; }));
  EXPECT_EQ(in_fifo(), 5U) << "what nobody has written yet stays";
}

} // namespace container_agent::test
