#include "main/storage/log.hpp"

#include "test/storage/storage_fixture.hpp"
#include "test/support/denied_calls.hpp"
#include "test/support/fifo.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace container_agent::test {

namespace {

namespace fs = std::filesystem;
using storage::log;
using storage::log_error;

const std::string first = "events.00000000000000000000.log";
const std::string second = "events.00000000000000000200.log";

class log_test : public storage_fixture {
public:
  std::vector<std::string> told;

  log::settings telling() {
    auto result = settings();
    result.tell = [this](const std::string& text) { told.push_back(text); };
    return result;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{dir.path()})
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  std::string why_not(const log::settings& s) const {
    try {
      log refused{s};
      return "it was opened";
    } catch (const log_error& e) {
      return e.what();
    }
  }

  void set_aside_goes_on(const log::settings& s) const {
    log events{s};
    events.append("one\n");
    say("half");
    EXPECT_EQ(take(events), 4);
    events.append("two\n");
    events.set_aside();
    EXPECT_EQ(events.begin(), 8U);
    EXPECT_EQ(all_of(events), "two\n");
    EXPECT_EQ(events.line_start(), 12U);
  }
};

TEST_F(log_test, what_was_appended_is_there_for_the_next_agent) {
  {
    log events{settings()};
    EXPECT_EQ(events.end(), 0U);
    events.append("one\n");
    events.append("two\nthree\n");
    events.append("");
    EXPECT_EQ(all_of(events), "one\ntwo\nthree\n");
    EXPECT_FALSE(events.sync());
  }
  EXPECT_EQ(read_file(dir / "events.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(mode_of(dir / first), 0600U);
  log events{settings()};
  EXPECT_EQ(events.end(), 14U);
  EXPECT_EQ(events.line_start(), 14U);
  EXPECT_EQ(text_in(events, 4, 8), "two\n");
}

TEST_F(log_test, a_line_without_an_end_is_not_appended) {
  log events{settings()};
  EXPECT_DEATH(events.append("half"), "assertion failed: .*log\\.cpp");
}

TEST_F(log_test, a_segment_that_is_full_is_followed_by_another_one) {
  auto small = settings(200);
  {
    log events{small};
    for (auto c : {'a', 'b', 'c', 'd', 'e'})
      events.append(line_of(c));
    EXPECT_EQ(all_of(events), line_of('a') + line_of('b') + line_of('c')
                                + line_of('d') + line_of('e'));
  }
  EXPECT_EQ(files(), (std::vector<std::string>{
                       first, second, "events.00000000000000000400.log",
                       "events.append", "events.log"}));
  EXPECT_EQ(fs::read_symlink(dir / "events.log"),
            "events.00000000000000000400.log");
  log events{small};
  EXPECT_EQ(events.end(), 500U);
  EXPECT_EQ(text_in(events, 150, 350),
            std::string(49, 'b') + '\n' + line_of('c') + std::string(50, 'd'));
  EXPECT_FALSE(events.sync());
}

TEST_F(log_test, a_directory_that_was_removed_is_made_again) {
  auto small = settings(200);
  small.tell = [this](const std::string& text) { told.push_back(text); };
  log events{small};
  events.append(line_of('a'));
  fs::remove_all(dir.path());
  for (auto c : {'b', 'c'}) // the first one still has a file to go to
    events.append(line_of(c));
  EXPECT_EQ(events.trouble(), "");
  EXPECT_EQ(text_in(events, 200, 300), line_of('c'));
  EXPECT_EQ(files(),
            (std::vector<std::string>{second, "events.append", "events.log"}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("was removed"), std::string::npos) << told[0];
}

TEST_F(log_test, reads_end_with_a_segment_and_with_the_log) {
  log events{settings(100)};
  events.append(line_of('a'));
  events.append(line_of('b'));
  std::array<char, 300> into{};
  EXPECT_EQ(events.read(20, into), 80U);
  EXPECT_EQ(events.read(100, into), 100U);
  EXPECT_EQ(events.read(200, into), 0U);
  EXPECT_THROW(events.read(201, into), std::out_of_range);
  EXPECT_THROW(text_in(events, 0, 201), std::out_of_range);
}

TEST_F(log_test, segments_that_nobody_needs_go_whole) {
  auto keeping = settings(200);
  keeping.keep = 150;
  log events{keeping};
  for (auto c : {'a', 'b', 'c', 'd', 'e'})
    events.append(line_of(c));
  events.release(199);
  EXPECT_EQ(events.begin(), 0U);
  events.strike(0, 100);
  events.release(500); // 350 with what is kept
  EXPECT_EQ(events.begin(), 200U);
  EXPECT_FALSE(fs::exists(dir / first));
  std::array<char, 10> into{};
  EXPECT_THROW(events.read(199, into), std::out_of_range);
  EXPECT_EQ(events.behind_struck(0), 0U);
  keeping.keep = 0;
  log again{keeping};
  EXPECT_EQ(again.begin(), 200U);
  again.release(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(again.begin(), 400U);
  EXPECT_EQ(all_of(again), line_of('e'));
}

TEST_F(log_test, memory_holds_the_same) {
  log events{{.segment = 200}};
  for (auto c : {'a', 'b', 'c', 'd', 'e'})
    events.append(line_of(c));
  EXPECT_EQ(text_in(events, 100, 300), line_of('b') + line_of('c'));
  events.release(300);
  EXPECT_EQ(events.begin(), 200U);
  auto place = events.open_at(250);
  EXPECT_EQ(place.begin, 200U);
  EXPECT_EQ(place.end, 400U);
  EXPECT_EQ(::lseek(place.file.get(), 0, SEEK_CUR), 50);
  EXPECT_FALSE(events.sync());
  EXPECT_TRUE(fs::is_empty(dir.path()));
  set_aside_goes_on({});
}

TEST_F(log_test, what_is_set_aside_stays_and_the_stream_goes_on) {
  set_aside_goes_on(settings());
  EXPECT_EQ(read_file(dir / (first + ".old-1")), "one\nhalf");
  EXPECT_EQ(read_file(dir / "events.log"), "two\n");
  log events{settings()};
  EXPECT_EQ(events.begin(), 8U);
  events.set_aside();
  EXPECT_TRUE(fs::exists(dir / "events.00000000000000000008.log.old-1"));
}

TEST_F(log_test, struck_ranges_are_merged) {
  log events{settings()};
  for (auto c : {'a', 'b', 'c', 'd', 'e'})
    events.append(line_of(c));
  auto none = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(events.next_struck(0), none);
  events.strike(300, 400);
  events.strike(100, 150);
  events.strike(150, 200);
  events.strike(7, 7);
  EXPECT_EQ(events.next_struck(0), 100U);
  EXPECT_EQ(events.next_struck(100), 100U);
  EXPECT_EQ(events.next_struck(101), 300U);
  EXPECT_EQ(events.next_struck(301), none);
  EXPECT_EQ(events.behind_struck(99), 99U);
  EXPECT_EQ(events.behind_struck(100), 200U);
  EXPECT_EQ(events.behind_struck(200), 200U);
  EXPECT_EQ(events.behind_struck(399), 400U);
  events.strike(50, 350);
  EXPECT_EQ(events.next_struck(0), 50U);
  EXPECT_EQ(events.behind_struck(60), 400U);
}

TEST_F(log_test, finds_where_a_line_begins) {
  log events{settings(100)};
  events.append(line_of('a'));
  events.append("one\n" + std::string(10000, 'b') + "\ntwo\n");
  EXPECT_EQ(events.line_start_before(0, 0), 0U);
  EXPECT_EQ(events.line_start_before(99, 0), 0U);
  EXPECT_EQ(events.line_start_before(99, 40), 40U);
  EXPECT_EQ(events.line_start_before(100, 0), 100U);
  EXPECT_EQ(events.line_start_before(102, 0), 100U);
  EXPECT_EQ(events.line_start_before(10104, 0), 104U);
  EXPECT_EQ(events.line_start_before(10105, 0), 10105U);
}

TEST_F(log_test, a_line_that_nobody_finishes_is_ended) {
  {
    log events{settings()};
    EXPECT_EQ(events.end_line(), 0U);
    say("one\nhal");
    EXPECT_EQ(take(events), 7);
  }
  log events{settings()};
  EXPECT_EQ(events.line_start(), 4U);
  EXPECT_EQ(events.end(), 7U);
  events.append("two\n");
  EXPECT_EQ(events.owed(), 4U);
  EXPECT_EQ(events.end_line(), 3U);
  EXPECT_EQ(all_of(events), "one\nhal\ntwo\n");
  EXPECT_EQ(events.end_line(), 0U);
}

TEST_F(log_test, bytes_have_no_lines) {
  auto bytes = settings(4);
  bytes.lines = false;
  log replies{bytes};
  replies.append("he");
  EXPECT_EQ(replies.line_start(), 2U);
  replies.append("llo");
  replies.append("!");
  EXPECT_EQ(replies.end_line(), 0U);
  EXPECT_EQ(all_of(replies), "hello!");
  EXPECT_EQ(read_file(dir / "events.log"), "!");
}

TEST_F(log_test, an_append_that_was_killed_halfway_is_finished) {
  auto text = line_of('a') + std::string(5000, 'b') + '\n' + line_of('c');
  log::settings large{.directory = dir.path()};
  log{large}.append(text);
  for (auto left : {0U, 50U, 100U, 4096U, 5150U}) {
    fs::resize_file(dir / first, left);
    log events{large};
    EXPECT_EQ(all_of(events), text) << left;
    EXPECT_EQ(events.owed(), 0U);
  }
  // Not what somebody else has begun there.
  write_file(dir / first, "other");
  EXPECT_EQ(all_of(log{large}), "other");
  // Nor when all has been removed.
  fs::remove(dir / first);
  EXPECT_EQ(log{large}.end(), 0U);
}

TEST_F(log_test, says_what_is_wrong_with_a_folder) {
  auto missing = settings();
  missing.directory = dir / "missing";
  EXPECT_EQ(why_not(missing), "cannot open the directory " + missing.directory
                                + ": No such file or directory");
  if (::chown(dir.path().c_str(), 12345, 0) == 0) {
    EXPECT_EQ(why_not(settings()),
              "the directory " + dir.path().string()
                + " belongs to somebody else (user 12345): use another one, or "
                  "change its owner");
  }
}

TEST_F(log_test, says_which_part_is_missing) {
  write_file(dir / first, line_of('a'));
  write_file(dir / second, line_of('b'));
  EXPECT_EQ(why_not(settings()),
            (dir / first).string() + " ends at 100, but " + second
              + " follows: a part is missing or was changed. Move all "
                "events.*.log away to begin anew");
  write_file(dir / first, line_of('a') + line_of('a') + line_of('a'));
  EXPECT_NE(why_not(settings()).find("ends at 300"), std::string::npos);
}

TEST_F(log_test, says_what_is_no_part_of_a_log) {
  make_fifo(dir / first);
  EXPECT_EQ(why_not(settings()),
            (dir / first).string() + " is no regular file: move it away");
  fs::remove(dir / first);
  write_file(dir / "events.log", "somebody's own");
  EXPECT_EQ(why_not(settings()),
            (dir / "events.log").string()
              + " is no link to a part of the log: move it away");
  EXPECT_EQ(read_file(dir / "events.log"), "somebody's own");
}

TEST_F(log_test, other_files_are_let_be) {
  write_file(dir / "events.0000000000000000000x.log", "x");
  write_file(dir / "eventsx00000000000000000000.log", "x");
  write_file(dir / (first + ".old-1"), "x");
  log events{settings()};
  EXPECT_EQ(events.end(), 0U);
}

TEST_F(log_test, a_link_that_was_left_behind_is_mended) {
  write_file(dir / first, line_of('a') + line_of('a'));
  write_file(dir / second, "");
  fs::create_symlink(first, dir / "events.log");
  log events{settings()};
  EXPECT_EQ(fs::read_symlink(dir / "events.log"), second);
  EXPECT_EQ(events.end(), 200U);
}

TEST_F(log_test, a_file_that_somebody_cuts_off_is_an_error) {
  log events{settings()};
  events.append(line_of('a'));
  fs::resize_file(dir / first, 10);
  std::array<char, 10> into{};
  EXPECT_EQ(events.read(0, into), 10U);
  EXPECT_THROW(events.read(10, into), std::system_error);
}

TEST_F(log_test, a_disk_without_symbolic_links_has_a_second_name) {
  std::thread{[&] {
    ASSERT_TRUE(deny_calls({SYS_symlinkat}, EPERM));
    auto s = telling();
    s.segment = 100;
    for (auto c : {'a', 'b', 'c'}) {
      log events{s};
      events.append(line_of(c));
      EXPECT_EQ(read_file(dir / "events.log"), line_of(c));
    }
    EXPECT_TRUE(told.empty());
    ASSERT_TRUE(deny_calls({SYS_linkat}, EPERM));
    for (auto c : {'d', 'e'})
      log{s}.append(line_of(c));
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(read_file(dir / "events.log"), line_of('c'));
  }}.join();
}

TEST_F(log_test, a_link_that_can_not_be_made_is_told_once) {
  auto s = telling();
  s.segment = 100;
  log events{s};
  fs::remove(dir / "events.log");
  fs::create_directory(dir / "events.log");
  for (auto c : {'a', 'b', 'c'})
    events.append(line_of(c));
  EXPECT_EQ(all_of(events), line_of('a') + line_of('b') + line_of('c'));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], "cannot make " + (dir / "events.log").string()
                       + ", which leads to the newest part of the log (Is a "
                         "directory)");
}

} // namespace

} // namespace container_agent::test
