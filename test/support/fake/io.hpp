#pragma once

#include "test/support/fake/signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

/// Blocking reads and writes of `fake_claude`, kept as plain as they can be:
/// what the tests measure is the agent.
namespace container_agent::test::fake {

inline void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      ::_exit(1);
  }
}

/// How long stdout has to be full before it counts as stalled.
inline constexpr int stalled_after_ms = 300;

/// As `write_all` to stdout; calls `on_stall` when nobody reads for a while.
template <class Function>
void write_watched(std::string_view bytes, Function on_stall) {
  auto flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  ::fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
  pollfd fds[] = {{STDOUT_FILENO, POLLOUT, 0}};
  while (!bytes.empty()) {
    auto n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (::poll(fds, 1, stalled_after_ms) == 0) {
        on_stall();
        ::poll(fds, 1, -1);
      }
    } else if (errno != EINTR) {
      ::_exit(1);
    }
  }
  ::fcntl(STDOUT_FILENO, F_SETFL, flags);
}

/// stdout, collected and written by `flush`.
class output {
public:
  void line(std::string_view text) {
    buffer_ += text;
    buffer_ += '\n';
  }

  [[nodiscard]] std::size_t size() const { return buffer_.size(); }

  void bytes(std::string_view text) { buffer_ += text; }

  /// Everything is written to this file as well, before it is written.
  void record_to(int file) { record_ = file; }

  void flush() {
    record();
    write_all(STDOUT_FILENO, buffer_);
    buffer_.clear();
  }

  /// As `flush`; calls `on_stall` when nobody reads for a while.
  template <class Function>
  void flush(Function on_stall) {
    record();
    write_watched(buffer_, on_stall);
    buffer_.clear();
  }

  /// As `flush`, with a write(2) for every byte.
  void dribble() {
    record();
    for (char c : buffer_)
      write_all(STDOUT_FILENO, {&c, 1});
    buffer_.clear();
  }

private:
  void record() const {
    if (record_ >= 0)
      write_all(record_, buffer_);
  }

  std::string buffer_;
  int record_ = -1;
};

/// stdin, line by line.
class input {
public:
  enum class event { line, eof, other_fd, task_fd, interrupted };

  /// Waits for a line, the end, a byte (or the end) on `other_fd` or `task_fd`
  /// if that is not negative, or a signal.
  event wait(int other_fd = -1, int task_fd = -1) {
    for (;;) {
      if (auto lf = buffer_.find('\n', scanned_); lf != std::string::npos) {
        line_ = buffer_.substr(begin_, lf - begin_);
        begin_ = scanned_ = lf + 1;
        return event::line;
      }
      scanned_ = buffer_.size();
      pollfd fds[] = {{eof_ ? -1 : STDIN_FILENO, POLLIN, 0},
                      {other_fd, POLLIN, 0},
                      {task_fd, POLLIN, 0}};
      if (eof_ && other_fd < 0 && task_fd < 0)
        return event::eof;
      if (poll_or_signal(fds) < 0)
        return event::interrupted;
      if (fds[2].revents != 0)
        return event::task_fd;
      if (fds[1].revents != 0)
        return event::other_fd;
      if (fds[0].revents != 0)
        read_more();
      if (eof_ && other_fd < 0 && task_fd < 0)
        return event::eof;
    }
  }

  [[nodiscard]] const std::string& line() const { return line_; }

  [[nodiscard]] bool at_end() const { return eof_; }

private:
  void read_more() {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    auto size = buffer_.size();
    buffer_.resize(size + 64 * 1024);
    auto n = ::read(STDIN_FILENO, buffer_.data() + size, 64 * 1024);
    buffer_.resize(size + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n == 0)
      eof_ = true;
  }

  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  bool eof_ = false;
  std::string line_;
};

/// A random version 4 UUID.
inline std::string new_uuid() {
  unsigned char b[16] = {};
  if (::getentropy(b, sizeof(b)) != 0)
    std::abort();
  b[6] = static_cast<unsigned char>((b[6] & 0x0F) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3F) | 0x80);
  std::string result;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      result += '-';
    result += "0123456789abcdef"[b[i] >> 4];
    result += "0123456789abcdef"[b[i] & 15];
  }
  return result;
}

} // namespace container_agent::test::fake
