#include "main/storage/cursor.hpp"

#include "test/storage/storage_fixture.hpp"
#include "test/support/denied_calls.hpp"

#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace container_agent::test {

namespace {

using storage::cursor;
using storage::log;
using storage::log_error;

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

class cursor_test : public storage_fixture {
public:
  ssize_t move(cursor& reader, std::uint64_t limit = no_limit) const {
    return reader.move_to(pipe.writer.get(), limit);
  }

  static void append_lines(log& events, std::string_view names) {
    for (auto c : names)
      events.append(line_of(c));
  }

  static std::string lines_of(std::string_view names) {
    std::string text;
    for (auto c : names)
      text += line_of(c);
    return text;
  }

  void moves_what_may_go(log& events) const {
    append_lines(events, "abcde");
    cursor reader{events, 50};
    EXPECT_EQ(move(reader, 50), 0);
    EXPECT_EQ(move(reader, 350), 300);
    EXPECT_EQ(reader.position(), 350U);
    EXPECT_EQ(move(reader), 150);
    EXPECT_EQ(move(reader), 0);
    EXPECT_EQ(heard(), lines_of("abcde").substr(50));
  }

  void moves_what_a_pipe_takes(log& events) const {
    std::string large(200000, 'x');
    events.append(large + '\n');
    cursor reader{events, 0};
    std::string got;
    while (reader.position() < events.end()) {
      auto before = reader.position();
      EXPECT_GT(move(reader), 0);
      EXPECT_EQ(move(reader), reader.position() < events.end() ? -1 : 0);
      EXPECT_GT(reader.position(), before);
      got += heard();
    }
    EXPECT_EQ(got, large + '\n');
  }

  void leaves_out_what_was_struck(log& events) const {
    append_lines(events, "abcdefgh");
    events.strike(0, 100);
    events.strike(300, 400);
    events.strike(400, 500);
    events.strike(700, 800);
    cursor reader{events, 0};
    EXPECT_EQ(move(reader), 400);
    EXPECT_EQ(reader.position(), 800U);
    EXPECT_EQ(heard(), lines_of("bcfg"));
  }
};

TEST_F(cursor_test, moves_what_lies_before_a_limit) {
  log one{settings()};
  moves_what_may_go(one);
}

TEST_F(cursor_test, crosses_from_segment_to_segment) {
  log several{settings(100)};
  moves_what_may_go(several);
}

TEST_F(cursor_test, moves_out_of_memory) {
  log memory{{.segment = 200}};
  moves_what_may_go(memory);
}

TEST_F(cursor_test, moves_as_much_as_a_pipe_takes) {
  log events{settings()};
  moves_what_a_pipe_takes(events);
}

TEST_F(cursor_test, where_splice_is_refused_bytes_are_copied) {
  std::thread{[&] {
    ASSERT_TRUE(deny_calls({SYS_splice}, EPERM));
    {
      log several{settings(100)};
      moves_what_may_go(several);
      several.set_aside();
      cursor reader{several, several.end()};
      append_lines(several, "a");
      EXPECT_FALSE(reader.copies());
      EXPECT_EQ(move(reader), 100);
      EXPECT_TRUE(reader.copies());
      heard();
    }
    log events{{}};
    moves_what_a_pipe_takes(events);
    log struck{{.segment = 200}};
    leaves_out_what_was_struck(struck);
  }}.join();
}

TEST_F(cursor_test, leaves_out_struck_lines) {
  log one{settings()};
  leaves_out_what_was_struck(one);
}

TEST_F(cursor_test, leaves_out_struck_lines_across_segments) {
  log several{settings(100)};
  leaves_out_what_was_struck(several);
}

TEST_F(cursor_test, a_struck_line_that_has_begun_goes_on_to_its_end) {
  log events{settings()};
  append_lines(events, "abcd");
  cursor reader{events, 0};
  EXPECT_EQ(move(reader, 150), 150);
  events.strike(100, 200);
  events.strike(200, 300);
  EXPECT_EQ(move(reader, 170), 20);
  EXPECT_EQ(move(reader), 130);
  EXPECT_EQ(heard(), lines_of("abd"));
}

TEST_F(cursor_test, nothing_goes_beyond_the_limit_for_a_struck_line) {
  log events{settings()};
  append_lines(events, "abc");
  events.strike(100, 200);
  cursor reader{events, 0};
  EXPECT_EQ(move(reader, 100), 100);
  EXPECT_EQ(reader.position(), 100U);
  EXPECT_EQ(move(reader, 200), 0);
  EXPECT_EQ(reader.position(), 200U);
}

TEST_F(cursor_test, what_lies_in_a_pipe_stays_when_segments_go) {
  log events{settings(100)};
  append_lines(events, "abc");
  cursor reader{events, 0};
  EXPECT_EQ(move(reader, 200), 200);
  events.release(200);
  EXPECT_EQ(events.begin(), 200U);
  EXPECT_EQ(heard(), lines_of("ab"));
  EXPECT_EQ(move(reader), 100);
  EXPECT_EQ(heard(), line_of('c'));
}

TEST_F(cursor_test, what_is_not_kept_can_not_be_read) {
  log events{settings(100)};
  append_lines(events, "abc");
  EXPECT_THROW((cursor{events, 301}), std::out_of_range);
  cursor reader{events, 0};
  events.release(200);
  EXPECT_THROW(move(reader), std::out_of_range);
  reader.seek(250);
  EXPECT_EQ(move(reader), 50);
}

TEST_F(cursor_test, a_description_that_is_held_knows_the_place) {
  runtime::unique_fd held;
  std::uint64_t begins = 0;
  {
    log events{settings(100)};
    append_lines(events, "ab");
    cursor reader{events, 0};
    std::vector<std::uint64_t> told;
    reader.on_description([&](int description, std::uint64_t b) {
      held.reset(::dup(description));
      begins = b;
      told.push_back(reader.position());
    });
    EXPECT_EQ(move(reader, 150), 150);
    // Each before the first byte of its file.
    EXPECT_EQ(told, (std::vector<std::uint64_t>{0, 100}));
    EXPECT_EQ(begins, 100U);
  }
  log events{settings(100)};
  cursor reader{events, std::move(held), begins};
  EXPECT_EQ(reader.position(), 150U);
  EXPECT_EQ(move(reader), 50);
  EXPECT_EQ(heard(), lines_of("ab"));
}

TEST_F(cursor_test, a_held_description_of_a_file_that_is_gone_goes_on) {
  log events{settings(100)};
  append_lines(events, "ab");
  auto place = events.open_at(100);
  auto old = events.open_at(0).file;
  ::lseek(old.get(), 100, SEEK_SET);
  events.release(100);
  EXPECT_EQ(events.begin(), 100U);
  cursor reader{events, std::move(old), 0};
  EXPECT_EQ(move(reader), 100);
  EXPECT_EQ(heard(), line_of('b'));
}

TEST_F(cursor_test, a_foreign_description_is_refused) {
  log events{settings()};
  append_lines(events, "ab");
  write_file(dir / "other", lines_of("ab"));
  auto open = [](const std::filesystem::path& path) {
    return runtime::unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  };
  EXPECT_THROW((cursor{events, open(dir / "other"), 0}), log_error);
  EXPECT_THROW((cursor{events, open(dir / "events.log"), 300}), log_error);
  EXPECT_THROW((cursor{events, runtime::unique_fd{}, 0}), log_error);
}

TEST_F(cursor_test, notes_each_position) {
  log events{settings(100)};
  append_lines(events, "abc");
  events.strike(100, 200);
  cursor reader{events, 0};
  std::vector<std::uint64_t> noted;
  reader.on_position([&](std::uint64_t at) { noted.push_back(at); });
  EXPECT_EQ(move(reader), 200);
  EXPECT_EQ(noted, (std::vector<std::uint64_t>{100, 200, 300}));
}

TEST_F(cursor_test, a_pipe_that_nobody_reads_is_an_error) {
  std::signal(SIGPIPE, SIG_IGN);
  log events{settings()};
  append_lines(events, "a");
  cursor reader{events, 0};
  pipe.reader.reset();
  EXPECT_EQ(move(reader), -1);
  EXPECT_EQ(errno, EPIPE);
  EXPECT_EQ(reader.position(), 0U);
}

} // namespace

} // namespace container_agent::test
