#include "main/log/log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace container_agent {

namespace {

constexpr mode_t file_permissions = 0640;

mode_t type_of(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

} // namespace

log_writer::~log_writer() {
  write_pending();
  if (own_)
    ::close(fd_);
}

void log_writer::adopt(int fd, bool own) {
  write_pending();
  if (own_)
    ::close(fd_);
  fd_ = fd;
  own_ = own;
  is_file_ = type_of(fd) == S_IFREG;
  is_socket_ = type_of(fd) == S_IFSOCK;
  begun_ = false;
  pending_.clear();
  torn_ = false;
}

void log_writer::use(int fd) {
  auto type = type_of(fd);
  if (type == S_IFIFO || type == S_IFCHR) {
    auto name = "/proc/self/fd/" + std::to_string(fd);
    int opened = ::open(name.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK
                                        | O_CLOEXEC | O_NOCTTY);
    if (opened >= 0) {
      adopt(opened, true);
      return;
    }
  }
  adopt(fd, false);
}

int log_writer::open(const std::string& path) {
  // Non-blocking: a FIFO without a reader fails instead of waiting for one.
  int opened
    = ::open(path.c_str(),
             O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
             file_permissions);
  if (opened < 0)
    return errno;
  adopt(opened, true);
  return 0;
}

bool log_writer::writable() const {
  if (is_file_) // always, says poll(2); it need not be asked
    return true;
  pollfd entry{fd_, POLLOUT, 0};
  // Linux calls a pipe writable if it has room for PIPE_BUF bytes. One without
  // a reader reports an error: writing would only raise SIGPIPE.
  return fd_ >= 0 && ::poll(&entry, 1, 0) == 1 && entry.revents == POLLOUT;
}

ssize_t log_writer::write_once(std::string_view text) {
  if (is_socket_)
    return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(fd_, text.data(), text.size());
}

bool log_writer::write_pending() {
  std::string_view rest = pending_;
  while (!rest.empty() && writable()) {
    auto count = write_once(rest.substr(0, is_file_ ? rest.size() : PIPE_BUF));
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
      begun_ = begun_ || count > 0;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      // A full disk, a reader that has left: the rest of this line is lost.
      torn_ = torn_ || begun_;
      ++dropped_;
      rest = {};
    }
  }
  pending_.erase(0, pending_.size() - rest.size());
  begun_ = begun_ && !pending_.empty();
  return pending_.empty();
}

bool log_writer::ready() {
  return write_pending() && writable();
}

bool log_writer::write(std::string_view line) {
  if (!ready()) {
    ++dropped_;
    return false;
  }
  auto before = dropped_;
  // Half a line that was lost must not be taken for the beginning of this one.
  if (std::exchange(torn_, false))
    pending_ = '\n';
  pending_ += line;
  write_pending();
  return dropped_ == before;
}

std::uint64_t log_writer::take_dropped() {
  return std::exchange(dropped_, 0);
}

bool log_writer::is_terminal() const {
  return fd_ >= 0 && ::isatty(fd_) == 1;
}

} // namespace container_agent
