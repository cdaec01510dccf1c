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

// Non-blocking: a FIFO without a reader fails instead of waiting for one.
constexpr int opening_flags
  = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

mode_t type_of(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

} // namespace

void log_writer::adopt(int fd) {
  write_pending();
  own_.reset();
  fd_ = fd;
  type_ = type_of(fd);
  begun_ = torn_ = false;
  pending_.clear();
}

void log_writer::use(int fd) {
  adopt(fd);
  if (type_ != S_IFIFO && type_ != S_IFCHR)
    return;
  auto name = "/proc/self/fd/" + std::to_string(fd);
  own_.reset(::open(name.c_str(), opening_flags));
  fd_ = own_ ? own_.get() : fd;
}

int log_writer::open(const std::string& path) {
  runtime::unique_fd file{
    ::open(path.c_str(), opening_flags | O_CREAT, file_permissions)};
  if (!file)
    return errno;
  adopt(file.get());
  own_ = std::move(file);
  return 0;
}

bool log_writer::writable() const {
  if (type_ == S_IFREG) // always, says poll(2); it need not be asked
    return true;
  pollfd entry{fd_, POLLOUT, 0};
  // Linux calls a pipe writable if it has room for PIPE_BUF bytes. One without
  // a reader reports an error: writing would only raise SIGPIPE.
  return fd_ >= 0 && ::poll(&entry, 1, 0) == 1 && entry.revents == POLLOUT;
}

ssize_t log_writer::write_once(std::string_view text) {
  if (type_ == S_IFSOCK)
    return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(fd_, text.data(), text.size());
}

bool log_writer::write_pending() {
  std::string_view rest = pending_;
  while (!rest.empty() && writable()) {
    auto most = type_ == S_IFREG ? rest.size() : PIPE_BUF;
    auto count = write_once(rest.substr(0, most));
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

bool log_writer::is_terminal() const {
  return fd_ >= 0 && ::isatty(fd_) == 1;
}

} // namespace container_agent
