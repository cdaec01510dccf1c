#include "main/storage/log_reader.hpp"

#include "main/storage/log.hpp"
#include "main/storage/segment_name.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

/// Another process's log, read while it is written.
namespace container_agent::test {

namespace {

namespace fs = std::filesystem;
using storage::log;
using storage::log_reader;
using storage::reader_error;
using testing::HasSubstr;

class log_readers : public testing::Test {
protected:
  /// Small segments: a new one after each line of 8 bytes or more.
  log::settings settings() const {
    log::settings result;
    result.directory = dir_.path();
    result.segment = 8;
    return result;
  }

  /// All whole lines that are there now.
  static std::string rest(log_reader& reader) {
    std::string result;
    for (auto lines = reader.read_lines(); !lines.empty();
         lines = reader.read_lines())
      result += lines;
    return result;
  }

  static std::string seek_error(log_reader& reader, std::uint64_t offset) {
    try {
      reader.seek(offset);
    } catch (const reader_error& error) {
      return error.what();
    }
    return "none";
  }

  static std::string opening_error_of(const std::string& directory) {
    try {
      log_reader reader{directory};
    } catch (const reader_error& error) {
      return error.what();
    }
    return "none";
  }

  static bool is_readable(int descriptor) {
    pollfd wait{descriptor, POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }

  temp_dir dir_;
};

} // namespace

TEST_F(log_readers, read_over_all_segments) {
  log events{settings()};
  std::string all;
  for (int i = 0; i < 50; ++i) {
    auto line = "line number " + std::to_string(i) + '\n';
    events.append(line);
    all += line;
  }
  log_reader reader{dir_.path()};
  EXPECT_EQ(reader.begin(), 0u);
  EXPECT_EQ(reader.end(), all.size());
  EXPECT_EQ(rest(reader), all);
  EXPECT_EQ(reader.position(), all.size());
  events.append("more\n");
  EXPECT_EQ(rest(reader), "more\n");
}

TEST_F(log_readers, change_nothing) {
  log events{settings()};
  events.append("one\n");
  auto count = std::distance(fs::directory_iterator{dir_.path()}, {});
  log_reader reader{dir_.path()};
  reader.watch();
  rest(reader);
  EXPECT_EQ(std::distance(fs::directory_iterator{dir_.path()}, {}), count);
}

TEST_F(log_readers, begin_at_the_line_that_holds_the_offset) {
  log events{settings()};
  events.append("0123456\n8901234\nxyz\n");
  events.append("20\n");
  log_reader reader{dir_.path()};
  for (auto [offset, begin, text] :
       {std::tuple{0, 0u, "0123456\n8901234\nxyz\n20\n"},
        std::tuple{7, 0u, "0123456\n8901234\nxyz\n20\n"},
        std::tuple{8, 8u, "8901234\nxyz\n20\n"},
        std::tuple{18, 16u, "xyz\n20\n"}, std::tuple{20, 20u, "20\n"},
        std::tuple{23, 23u, ""}}) {
    reader.seek(static_cast<std::uint64_t>(offset));
    EXPECT_EQ(reader.position(), begin);
    EXPECT_EQ(rest(reader), text);
  }
}

TEST_F(log_readers, find_the_start_of_a_long_line) {
  auto s = settings();
  s.segment = 1024 * 1024;
  log events{s};
  auto line = std::string(200'000, 'x') + '\n';
  events.append("short\n" + line);
  log_reader reader{dir_.path()};
  reader.seek(150'000);
  EXPECT_EQ(reader.position(), 6u);
  EXPECT_EQ(rest(reader), line);
}

TEST_F(log_readers, give_whole_lines_only) {
  auto pipe = runtime::make_pipe(O_NONBLOCK);
  log events{settings()};
  events.append("whole\n");
  ASSERT_EQ(::write(pipe.writer.get(), "half", 4), 4);
  ASSERT_EQ(events.take_from(pipe.reader.get(), 100), 4);
  log_reader reader{dir_.path()};
  EXPECT_EQ(rest(reader), "whole\n");
  EXPECT_EQ(reader.position(), 6u);
  reader.seek(reader.end());
  EXPECT_EQ(reader.position(), 6u) << "its start is awaited with its rest";
  ASSERT_EQ(::write(pipe.writer.get(), " line\n", 6), 6);
  ASSERT_EQ(events.take_from(pipe.reader.get(), 100), 6);
  EXPECT_EQ(rest(reader), "half line\n");
}

TEST_F(log_readers, refuse_what_is_not_there) {
  log events{settings()};
  for (int i = 0; i < 10; ++i)
    events.append("eight by\n");
  events.release(60);
  ASSERT_GT(events.begin(), 0u);
  log_reader reader{dir_.path()};
  EXPECT_EQ(reader.position(), events.begin());
  EXPECT_EQ(seek_error(reader, events.begin() - 1),
            "offset " + std::to_string(events.begin() - 1)
              + " is no longer kept: the first one is "
              + std::to_string(events.begin()));
  EXPECT_EQ(seek_error(reader, 91),
            "offset 91 is not written yet: the log ends at 90");
  EXPECT_EQ(seek_error(reader, 90), "none");
}

TEST_F(log_readers, that_are_too_slow_are_told) {
  log events{settings()};
  events.append("eight by\n");
  log_reader reader{dir_.path()};
  for (int i = 0; i < 10; ++i)
    events.append("eight by\n");
  events.release(60);
  // What it has open it still has.
  EXPECT_EQ(reader.read_lines(), "eight by\n");
  try {
    reader.read_lines();
    FAIL();
  } catch (const reader_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("offset 9 is no longer kept: the first "
                                        "one is "
                                        + std::to_string(events.begin())));
  }
}

TEST_F(log_readers, say_what_is_wrong_with_a_directory) {
  EXPECT_THAT(opening_error_of(dir_ / "none"), HasSubstr("there is no "));
  EXPECT_THAT(opening_error_of(dir_.path()), HasSubstr("no log of events"));
  write_file(dir_ / "events.log", "no segment\n");
  write_file(dir_ / "events.123.log", "no segment\n");
  EXPECT_THAT(opening_error_of(dir_.path()), HasSubstr("no log of events"));
  EXPECT_THAT(opening_error_of(dir_ / "events.log"),
              HasSubstr("Not a directory"));
}

TEST_F(log_readers, go_on_with_what_follows_old_logs_set_aside) {
  auto pipe = runtime::make_pipe(O_NONBLOCK);
  log events{settings()};
  ASSERT_EQ(::write(pipe.writer.get(), "whole\nhalf", 10), 10);
  ASSERT_EQ(events.take_from(pipe.reader.get(), 100), 10);
  log_reader reader{dir_.path()};
  EXPECT_EQ(rest(reader), "whole\n");
  events.set_aside();
  events.append("a new conversation\n");
  EXPECT_EQ(rest(reader), "a new conversation\n");
}

TEST_F(log_readers, are_woken_by_what_changes) {
  auto pipe = runtime::make_pipe(O_NONBLOCK);
  log events{settings()};
  events.append("one\n");
  log_reader reader{dir_.path()};
  auto changes = reader.watch();
  EXPECT_EQ(rest(reader), "one\n");
  EXPECT_FALSE(is_readable(changes));
  events.append("appended\n");
  EXPECT_TRUE(is_readable(changes));
  reader.acknowledge();
  EXPECT_FALSE(is_readable(changes));
  EXPECT_EQ(rest(reader), "appended\n");
  // Into the next segment, and by splice(2).
  ASSERT_EQ(::write(pipe.writer.get(), "spliced\n", 8), 8);
  ASSERT_EQ(events.take_from(pipe.reader.get(), 100), 8);
  EXPECT_TRUE(is_readable(changes));
  reader.acknowledge();
  EXPECT_EQ(rest(reader), "spliced\n");
  reader.acknowledge();
  ASSERT_EQ(::write(pipe.writer.get(), "more\n", 5), 5);
  ASSERT_EQ(events.take_from(pipe.reader.get(), 100), 5);
  EXPECT_TRUE(is_readable(changes));
  reader.acknowledge();
  EXPECT_EQ(rest(reader), "more\n");
}

TEST_F(log_readers, are_told_that_the_directory_is_gone) {
  auto place = dir_ / "state";
  fs::create_directory(place);
  auto s = settings();
  s.directory = place;
  log events{s};
  log_reader reader{place};
  reader.watch();
  fs::remove_all(place);
  EXPECT_THROW(reader.acknowledge(), reader_error);
}

TEST(segment_name, has_twenty_digits) {
  EXPECT_EQ(storage::segment_name("a", 7), "a.00000000000000000007.log");
  EXPECT_EQ(storage::segment_name("a", ~std::uint64_t{0}),
            "a.18446744073709551615.log");
  for (auto offset :
       {std::uint64_t{0}, std::uint64_t{123}, ~std::uint64_t{0} >> 1})
    EXPECT_EQ(
      storage::segment_begin(storage::segment_name("events", offset), "events"),
      offset);
  for (auto other :
       {"events.log", "input.00000000000000000007.log",
        "events.0000000000000000000x.log", "events.0000000000000000007.log",
        "events.00000000000000000007.log.old-1",
        "events.09223372036854775808.log", // 64 bits
        "events.99999999999999999999.log"})
    EXPECT_FALSE(storage::segment_begin(other, "events")) << other;
}

} // namespace container_agent::test
