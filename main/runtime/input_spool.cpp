#include "main/runtime/input_spool.hpp"

#include "main/runtime/system_call.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace container_agent::runtime {

std::error_code input_spool::open(const std::string& path,
                                  std::uint64_t dealt_with) {
  path_ = path;
  file_.reset(
    ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat found {};
  if (!file_ || ::fstat(file_.get(), &found) != 0)
    return last_error();
  end_ = static_cast<std::uint64_t>(found.st_size);
  next_ = dealt_with;
  begins_anew_ = end_ <= dealt_with;
  if (!begins_anew_)
    return {};
  next_ = end_ = 0;
  return ::ftruncate(file_.get(), 0) == 0 ? std::error_code{} : last_error();
}

ssize_t input_spool::move(int fifo, std::size_t size) {
  auto at = static_cast<loff_t>(end_);
  auto count
    = ::splice(fifo, nullptr, file_.get(), &at, size, SPLICE_F_NONBLOCK);
  end_ += static_cast<std::uint64_t>(std::max<ssize_t>(count, 0));
  return count;
}

ssize_t input_spool::read(int fifo, std::span<char> buffer) {
  trouble_ = before_read_ ? before_read_() : std::error_code{};
  if (trouble_) {
    errno = trouble_.value();
    return -1;
  }
  auto count = read_on(fifo, buffer);
  if (count < 0 && errno != EAGAIN && errno != EINTR)
    trouble_ = last_error();
  return count;
}

std::string input_spool::trouble() const {
  auto why = trouble_;
  if (!why && before_read_)
    why = before_read_();
  return why ? path_ + ": " + why.message() : std::string{};
}

ssize_t input_spool::read_on(int fifo, std::span<char> buffer) {
  if (!holds_unread()) {
    auto count = move(fifo, buffer.size());
    if (count <= 0)
      return count;
  }
  auto size = std::min<std::uint64_t>(buffer.size(), end_ - next_);
  auto count
    = ::pread(file_.get(), buffer.data(), static_cast<std::size_t>(size),
              static_cast<off_t>(next_));
  if (count > 0)
    next_ += static_cast<std::uint64_t>(count);
  return count;
}

std::error_code input_spool::take_rest(int fifo) {
  for (std::size_t taken = 0; taken < max_rest;) {
    auto count = without_interruption([&] { return move(fifo, max_rest); });
    if (count < 0 && errno != EAGAIN)
      return last_error();
    if (count <= 0)
      break;
    taken += static_cast<std::size_t>(count);
  }
  return {};
}

// A hole in place of a shorter file: positions stay what they are. Where the
// file system has none, the file grows until the next start.
void input_spool::release(std::uint64_t position) {
  if (position < released_ + release_step)
    return;
  ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(released_),
              static_cast<off_t>(position - released_));
  released_ = position;
}

} // namespace container_agent::runtime
