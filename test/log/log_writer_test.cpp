#include "main/log/log_writer.hpp"
#include "test/log/log_pipe.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

/// A log that can't be written must not stop the agent: each of these would
/// hang if it waited.
namespace container_agent::test {

namespace {

struct piped_writer {
  piped_writer() { writer.use(pipe.log_end()); }

  log_pipe pipe;
  log_writer writer;
};

std::string line_of(std::size_t size, char c = 'x') {
  return std::string(size - 1, c) + '\n';
}

mode_t permissions_of(const std::string& path) {
  struct stat status;
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

} // namespace

TEST(log_writer, drops_and_counts_when_the_pipe_is_full) {
  piped_writer x;
  std::size_t written = 0;
  while (x.writer.write(line_of(1000)))
    ++written;
  for (int i = 0; i < 99; ++i)
    EXPECT_FALSE(x.writer.write(line_of(1000)));
  EXPECT_FALSE(x.writer.ready());
  EXPECT_EQ(x.writer.take_dropped(), 100U);
  EXPECT_EQ(x.writer.take_dropped(), 0U);
  auto first = x.pipe.read_all();
  EXPECT_TRUE(x.writer.ready());
  EXPECT_TRUE(x.writer.write("after\n"));
  auto text = first + x.pipe.read_all();
  EXPECT_EQ(text.size(), written * 1000 + 6);
}

TEST(log_writer, finishes_a_line_that_was_begun) {
  piped_writer x;
  // Longer than a pipe can hold.
  auto line = line_of(300'000, 'a');
  EXPECT_TRUE(x.writer.write(line));
  EXPECT_FALSE(x.writer.write("b\n"));
  std::string text;
  while (text.size() < line.size()) {
    auto piece = x.pipe.read_all();
    ASSERT_FALSE(piece.empty()) << text.size();
    text += piece;
    x.writer.ready();
  }
  EXPECT_EQ(text, line);
  EXPECT_TRUE(x.writer.write("c\n"));
  EXPECT_EQ(x.pipe.read_all(), "c\n");
  EXPECT_EQ(x.writer.dropped(), 1U);
}

TEST(log_writer, keeps_lines_whole_whatever_their_length) {
  piped_writer x;
  std::string text;
  std::string accepted;
  for (std::size_t size = 2; size < 20'000; size += 37) {
    auto line = line_of(size, static_cast<char>('a' + size % 26));
    if (x.writer.write(line))
      accepted += line;
    if (size % 3 == 0)
      text += x.pipe.read_all();
  }
  while (!x.writer.ready())
    text += x.pipe.read_all();
  EXPECT_EQ(text + x.pipe.read_all(), accepted);
}

TEST(log_writer, leaves_the_other_users_descriptor_as_it_is) {
  log_pipe pipe;
  {
    log_writer writer;
    writer.use(pipe.log_end());
    EXPECT_EQ(::fcntl(pipe.log_end(), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_EQ(::write(pipe.log_end(), "x", 1), 1) << "it is still open";
}

TEST(log_writer, survives_a_reader_that_left) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  piped_writer x;
  x.pipe.ends.reader.reset();
  EXPECT_FALSE(x.writer.write("x\n"));
  EXPECT_EQ(x.writer.dropped(), 1U);
}

TEST(log_writer, does_not_wait_for_a_socket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  unique_fd reader{ends[0]};
  unique_fd socket{ends[1]};
  log_writer writer;
  writer.use(socket.get());
  while (writer.write(line_of(3000)))
    continue;
  EXPECT_EQ(writer.dropped(), 1U);
  reader.reset();
  EXPECT_FALSE(writer.write("x\n"));
}

TEST(log_writer, without_a_descriptor_drops_all) {
  log_writer writer;
  EXPECT_FALSE(writer.ready());
  EXPECT_FALSE(writer.write("x\n"));
  EXPECT_FALSE(writer.is_terminal());
  EXPECT_EQ(writer.take_dropped(), 1U);
}

TEST(log_writer, appends_to_a_file) {
  temp_dir dir;
  auto path = (dir / "a.log").string();
  auto before = ::umask(0);
  for (auto line : {"one\n", "two\n"}) {
    log_writer writer;
    ASSERT_EQ(writer.open(path), 0);
    EXPECT_TRUE(writer.write(line));
  }
  ::umask(before);
  EXPECT_EQ(read_file(path), "one\ntwo\n");
  EXPECT_EQ(permissions_of(path), 0640U);
  log_writer writer;
  ASSERT_EQ(writer.open(path), 0);
  EXPECT_TRUE(writer.write(line_of(1'000'000)));
  EXPECT_EQ(read_file(path).size(), 1'000'008U);
}

TEST(log_writer, keeps_the_old_file_if_the_new_one_fails) {
  temp_dir dir;
  ASSERT_EQ(::mkfifo((dir / "f").c_str(), 0600), 0);
  log_writer writer;
  ASSERT_EQ(writer.open(dir / "a.log"), 0);
  EXPECT_EQ(writer.open(dir / "none" / "a.log"), ENOENT);
  EXPECT_EQ(writer.open(dir / "f"), ENXIO) << "no reader: it does not wait";
  EXPECT_TRUE(writer.write("x\n"));
  EXPECT_EQ(read_file(dir / "a.log"), "x\n");
}

TEST(log_writer, counts_what_a_full_disk_refuses) {
  log_writer writer;
  ASSERT_EQ(writer.open("/dev/full"), 0);
  EXPECT_FALSE(writer.write("x\n"));
  EXPECT_FALSE(writer.write("y\n"));
  EXPECT_EQ(writer.take_dropped(), 2U);
}

TEST(log_writer, begins_a_new_line_after_a_torn_one) {
  // A socket's peer that leaves in the middle of a line, and one that comes
  // after it, seen by the same writer: only a file can show both. No file fails
  // in the middle on command, so a resource limit makes it fail.
  temp_dir dir;
  auto path = (dir / "a.log").string();
  ASSERT_NE(::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit old;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small{10, old.rlim_max};
  log_writer writer;
  ASSERT_EQ(writer.open(path), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(writer.write(line_of(20, 'a')));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_TRUE(writer.write("b\n"));
  EXPECT_EQ(read_file(path), "aaaaaaaaaa\nb\n");
  EXPECT_EQ(writer.take_dropped(), 1U);
}

} // namespace container_agent::test
