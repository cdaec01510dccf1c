#include "main/log/log_writer.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

/// A log that can't be written must not stop the agent: each of these would
/// hang if it waited.
namespace container_agent::test {

namespace {

/// A pipe as a container's runtime gives it to us: its ends block.
struct pipe_pair {
  pipe_pair() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }

  /// What is in it now.
  std::string read_all() {
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    std::string result;
    std::array<char, 65536> buffer;
    for (;;) {
      auto count = ::read(reader.get(), buffer.data(), buffer.size());
      if (count <= 0)
        return result;
      result.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  unique_fd reader;
  unique_fd writer;
};

std::string line_of(std::size_t size, char c = 'x') {
  return std::string(size - 1, c) + '\n';
}

/// Whole lines only, each of one letter.
bool whole_lines(const std::string& text) {
  if (!text.ends_with('\n'))
    return false;
  std::size_t begin = 0;
  while (begin < text.size()) {
    auto end = text.find('\n', begin);
    auto line = text.substr(begin, end - begin);
    if (line.find_first_not_of(line.front()) != std::string::npos)
      return false;
    begin = end + 1;
  }
  return true;
}

mode_t permissions_of(const std::string& path) {
  struct stat status;
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

} // namespace

TEST(log_writer, writes_lines) {
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  EXPECT_TRUE(writer.ready());
  EXPECT_TRUE(writer.write("one\n"));
  EXPECT_TRUE(writer.write("two\n"));
  EXPECT_EQ(pipe.read_all(), "one\ntwo\n");
  EXPECT_EQ(writer.dropped(), 0U);
}

TEST(log_writer, drops_and_counts_when_the_pipe_is_full) {
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  std::size_t written = 0;
  while (writer.write(line_of(1000)))
    ++written;
  for (int i = 0; i < 99; ++i)
    EXPECT_FALSE(writer.write(line_of(1000)));
  EXPECT_FALSE(writer.ready());
  EXPECT_EQ(writer.take_dropped(), 100U);
  EXPECT_EQ(writer.take_dropped(), 0U);
  auto first = pipe.read_all();
  EXPECT_TRUE(writer.ready());
  EXPECT_TRUE(writer.write("after\n"));
  auto text = first + pipe.read_all();
  EXPECT_EQ(text.size(), written * 1000 + 6);
}

TEST(log_writer, finishes_a_line_that_was_begun) {
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  // Longer than a pipe can hold.
  auto line = line_of(300'000, 'a');
  EXPECT_TRUE(writer.write(line));
  EXPECT_FALSE(writer.write("b\n"));
  std::string text;
  while (text.size() < line.size()) {
    auto piece = pipe.read_all();
    ASSERT_FALSE(piece.empty()) << text.size();
    text += piece;
    writer.ready();
  }
  EXPECT_EQ(text, line);
  EXPECT_TRUE(writer.write("c\n"));
  EXPECT_EQ(pipe.read_all(), "c\n");
  EXPECT_EQ(writer.dropped(), 1U);
}

TEST(log_writer, keeps_lines_whole_whatever_their_length) {
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  std::string text;
  std::size_t accepted = 0;
  for (std::size_t size = 2; size < 20'000; size += 37) {
    char letter = static_cast<char>('a' + size % 26);
    accepted += writer.write(line_of(size, letter));
    if (size % 3 == 0)
      text += pipe.read_all();
  }
  while (!writer.ready())
    text += pipe.read_all();
  text += pipe.read_all();
  EXPECT_TRUE(whole_lines(text));
  EXPECT_EQ(
    static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
    accepted);
}

TEST(log_writer, leaves_the_other_users_descriptor_blocking) {
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  EXPECT_EQ(::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(log_writer, leaves_the_other_users_descriptor_open) {
  pipe_pair pipe;
  {
    log_writer writer;
    writer.use(pipe.writer.get());
  }
  EXPECT_EQ(::write(pipe.writer.get(), "x", 1), 1);
}

TEST(log_writer, survives_a_reader_that_left) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  pipe_pair pipe;
  log_writer writer;
  writer.use(pipe.writer.get());
  pipe.reader.reset();
  EXPECT_FALSE(writer.write("x\n"));
  EXPECT_EQ(writer.dropped(), 1U);
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
  log_writer writer;
  ASSERT_EQ(writer.open(dir / "a.log"), 0);
  EXPECT_EQ(writer.open(dir / "none" / "a.log"), ENOENT);
  EXPECT_TRUE(writer.write("x\n"));
  EXPECT_EQ(read_file(dir / "a.log"), "x\n");
}

TEST(log_writer, does_not_wait_for_a_fifos_reader) {
  temp_dir dir;
  ASSERT_EQ(::mkfifo((dir / "f").c_str(), 0600), 0);
  log_writer writer;
  EXPECT_EQ(writer.open(dir / "f"), ENXIO);
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
