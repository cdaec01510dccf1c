#include "main/storage/log.hpp"

#include "test/storage/storage_fixture.hpp"
#include "test/support/denied_calls.hpp"
#include "test/support/fifo.hpp"
#include "test/support/small_disk.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace container_agent::test {

namespace {

using storage::log;

class log_take_test : public storage_fixture {
public:
  // What is owed waits for the end of the line that is under way, and what
  // follows that line waits for what is owed.
  void appends_wait_for_the_line(log& events) {
    say("one\nhal");
    EXPECT_EQ(take(events), 7);
    EXPECT_EQ(events.line_start(), 4U);
    events.append("[a]\n");
    events.append("[b]\n");
    EXPECT_EQ(events.owed(), 8U);
    EXPECT_EQ(events.trouble(), "");
    events.retry();
    EXPECT_EQ(events.owed(), 8U);
    say("f-");
    EXPECT_EQ(take(events), 2);
    EXPECT_EQ(events.owed(), 8U);
    say("way\ntwo\nthr");
    EXPECT_EQ(take(events), 4);
    EXPECT_EQ(events.owed(), 0U);
    EXPECT_EQ(all_of(events), "one\nhalf-way\n[a]\n[b]\n");
    EXPECT_EQ(take(events), 7);
    EXPECT_EQ(all_of(events), "one\nhalf-way\n[a]\n[b]\ntwo\nthr");
    say("ee\n");
    EXPECT_EQ(take(events), 3);
    events.append("[c]\n");
    EXPECT_EQ(all_of(events), "one\nhalf-way\n[a]\n[b]\ntwo\nthree\n[c]\n");
  }

  void takes_to_the_end(log& events) {
    EXPECT_EQ(take(events), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(events.trouble(), "");
    say("one\ntwo");
    EXPECT_EQ(take(events, 5), 5);
    EXPECT_EQ(take(events, 5), 2);
    pipe.writer.reset();
    EXPECT_EQ(take(events), 0);
    EXPECT_EQ(all_of(events), "one\ntwo");
  }
};

template <class Call>
void without_descriptors(Call call) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  rlimit none{0, files.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  call();
  ::setrlimit(RLIMIT_NOFILE, &files);
}

TEST_F(log_take_test, takes_what_a_pipe_holds_up_to_its_end) {
  log events{settings()};
  takes_to_the_end(events);
  EXPECT_FALSE(events.copies());
}

TEST_F(log_take_test, a_fifo_that_stays_open_never_blocks) {
  make_fifo(dir / "fifo");
  runtime::unique_fd fifo{
    ::open((dir / "fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  log events{settings()};
  EXPECT_EQ(events.take_from(fifo.get(), 10), -1);
  EXPECT_EQ(errno, EAGAIN);
  open_write_close(dir / "fifo", "one\n");
  EXPECT_EQ(events.take_from(fifo.get(), 10), 4);
  EXPECT_EQ(events.take_from(fifo.get(), 10), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(log_take_test, a_segment_ends_only_between_lines) {
  log events{settings(100)};
  say(std::string(150, 'a'));
  EXPECT_EQ(take(events), 150);
  say("a\n" + line_of('b'));
  EXPECT_EQ(take(events), 102);
  EXPECT_EQ(events.segment_at(251).begin, 0U);
  say("c\n");
  EXPECT_EQ(take(events), 2);
  EXPECT_EQ(events.segment_at(252).begin, 252U);
  EXPECT_EQ(all_of(events),
            std::string(151, 'a') + '\n' + line_of('b') + "c\n");
}

TEST_F(log_take_test, appends_wait_for_the_end_of_a_line) {
  log events{settings()};
  appends_wait_for_the_line(events);
}

TEST_F(log_take_test, appends_wait_in_memory_too) {
  log events{{}};
  appends_wait_for_the_line(events);
}

TEST_F(log_take_test, where_splice_is_refused_bytes_are_copied) {
  for (unsigned error : {EPERM, ENOSYS, EINVAL}) {
    temp_dir other;
    std::thread{[&] {
      ASSERT_TRUE(deny_calls({SYS_splice, SYS_tee}, error));
      std::vector<std::string> told;
      log events{
        {.directory = other.path(),
         .tell = [&](const std::string& text) { told.push_back(text); }}};
      appends_wait_for_the_line(events);
      EXPECT_TRUE(events.copies());
      ASSERT_EQ(told.size(), 1U);
      EXPECT_EQ(told[0].substr(0, 16), "splice(2) into /");
    }}.join();
  }
}

TEST_F(log_take_test, a_copy_ends_with_the_pipe) {
  std::thread{[&] {
    ASSERT_TRUE(deny_calls({SYS_splice}, EPERM));
    log events{settings()};
    takes_to_the_end(events);
  }}.join();
}

class full_disk_log_test : public log_take_test {
public:
  small_disk disk{dir / "disk"};
  log::settings on_disk{.directory = dir / "disk"};
  std::string trouble = "cannot write " + (dir / "disk").string()
                        + "/events.00000000000000000000.log: No space left on "
                          "device";

  void SetUp() override {
    if (!disk)
      GTEST_SKIP() << "reason: only root can mount a small disk";
  }
};

TEST_F(full_disk_log_test, what_does_not_fit_is_owed_in_order) {
  log events{on_disk};
  events.append("one\n");
  disk.fill();
  std::string large(10000, 'b');
  events.append("two\n" + large + '\n');
  EXPECT_EQ(events.end(), whole_lines_of(events).size());
  EXPECT_NE(events.trouble(), "");
  events.append("three\n");
  EXPECT_GT(events.owed(), 10000U);
  disk.make_room();
  events.retry();
  EXPECT_EQ(events.owed(), 0U);
  EXPECT_EQ(events.trouble(), "");
  EXPECT_EQ(all_of(events), "one\ntwo\n" + large + "\nthree\n");
}

TEST_F(full_disk_log_test, what_was_written_in_part_is_not_told_of) {
  log events{on_disk};
  events.append(std::string(4000, 'a') + '\n');
  // The note has its pages, so that the log itself gets into trouble.
  events.append(std::string(4000, 'b') + '\n');
  disk.fill();
  events.append(std::string(1000, 'c') + '\n');
  EXPECT_EQ(events.trouble(), trouble);
  EXPECT_EQ(events.end(), 8002U);
  EXPECT_EQ(read_file(dir / "disk/events.log").size(), 8192U);
  say("d\n");
  EXPECT_EQ(take(events), -1);
  EXPECT_EQ(errno, ENOSPC);
  disk.make_room();
  EXPECT_EQ(take(events), 2);
  EXPECT_EQ(events.trouble(), "");
  EXPECT_EQ(text_in(events, 8002, events.end()),
            std::string(1000, 'c') + "\nd\n");
}

TEST_F(full_disk_log_test, the_next_agent_finishes_what_did_not_fit) {
  {
    log events{on_disk};
    events.append(std::string(4000, 'a') + '\n');
    events.append(std::string(4000, 'b') + '\n');
    disk.fill();
    events.append(std::string(1000, 'c') + '\n');
  }
  log events{on_disk};
  EXPECT_EQ(events.end(), 8002U);
  EXPECT_EQ(events.owed(), 1001U);
  EXPECT_EQ(events.trouble(), trouble);
  disk.make_room();
  events.retry();
  EXPECT_EQ(events.end(), 9003U);
}

TEST_F(full_disk_log_test, what_is_in_a_pipe_stays_there) {
  log events{on_disk};
  events.append(std::string(4090, 'a') + '\n');
  disk.fill();
  say("one\ntwo\n");
  EXPECT_EQ(take(events), 5);
  EXPECT_EQ(take(events), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(events.trouble(), trouble);
  events.retry();
  EXPECT_EQ(events.trouble(), trouble);
  events.append("[a]\n");
  disk.make_room();
  EXPECT_EQ(take(events), 3);
  EXPECT_EQ(events.trouble(), "");
  EXPECT_EQ(text_in(events, 4091, events.end()), "one\ntwo\n[a]\n");
}

TEST_F(full_disk_log_test, a_line_is_ended_once_there_is_room) {
  log events{on_disk};
  say(std::string(4096, 'a'));
  EXPECT_EQ(take(events), 4096);
  disk.fill();
  EXPECT_EQ(events.end_line(), 4096U);
  EXPECT_EQ(events.end(), 4096U);
  EXPECT_EQ(events.end_line(), 0U);
  events.append("[a]\n");
  disk.make_room();
  events.retry();
  EXPECT_EQ(text_in(events, 4096, events.end()), "\n[a]\n");
}

TEST_F(full_disk_log_test, what_was_copied_is_kept) {
  std::thread{[&] {
    ASSERT_TRUE(deny_calls({SYS_splice}, EPERM));
    log events{on_disk};
    events.append(std::string(4090, 'a') + '\n');
    disk.fill();
    say("one\ntwo\nthr");
    EXPECT_EQ(take(events), 11);
    EXPECT_EQ(events.end(), 4096U);
    EXPECT_EQ(take(events), -1);
    EXPECT_EQ(errno, ENOSPC);
    events.append("[a]\n");
    disk.make_room();
    say("ee\n");
    EXPECT_EQ(take(events), 3);
    EXPECT_EQ(text_in(events, 4091, events.end()), "one\ntwo\nthree\n[a]\n");
  }}.join();
}

TEST_F(log_take_test, a_segment_that_can_not_be_made_waits) {
  log events{settings(100)};
  events.append(line_of('a'));
  without_descriptors([&] { events.append(line_of('b')); });
  EXPECT_EQ(events.owed(), 100U);
  EXPECT_NE(events.trouble().find("Too many open files"), std::string::npos);
  events.retry();
  EXPECT_EQ(all_of(events), line_of('a') + line_of('b'));
}

TEST_F(log_take_test, a_line_that_can_not_be_looked_for_waits) {
  log events{settings()};
  say("one");
  EXPECT_EQ(take(events), 3);
  events.append("[a]\n");
  say("\ntwo\n");
  without_descriptors([&] {
    EXPECT_EQ(take(events), -1);
    EXPECT_EQ(errno, EMFILE);
  });
  EXPECT_NE(events.trouble(), ""); // so it passes
  EXPECT_EQ(take(events), 1);
  EXPECT_EQ(events.trouble(), "");
  EXPECT_EQ(all_of(events), "one\n[a]\n");
}

TEST_F(log_take_test, a_file_that_may_not_grow_is_trouble) {
  std::signal(SIGXFSZ, SIG_IGN);
  log events{settings()};
  rlimit size{};
  ::getrlimit(RLIMIT_FSIZE, &size);
  rlimit small{10, size.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  events.append("12345678\n");
  events.append("abcdefgh\n");
  EXPECT_EQ(events.end(), 9U);
  EXPECT_NE(events.trouble().find("File too large"), std::string::npos);
  ::setrlimit(RLIMIT_FSIZE, &size);
  events.retry();
  EXPECT_EQ(all_of(events), "12345678\nabcdefgh\n");
}

} // namespace

} // namespace container_agent::test
