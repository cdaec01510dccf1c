#include "main/storage/cursor.hpp"

#include "main/loop/system_call.hpp"
#include "messages/agent_assert.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace container_agent::storage {

namespace {

using runtime::last_error;
using runtime::unique_fd;
using runtime::without_interruption;

bool are_same_file(int one, int other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0
         && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace

cursor::cursor(log& of, std::uint64_t offset) : log_{of} {
  stand_at(offset);
}

cursor::cursor(log& of, unique_fd description, std::uint64_t offset_of_file)
  : log_{of}, file_{std::move(description)}, begins_{offset_of_file} {
  auto offset = ::lseek(file_.get(), 0, SEEK_CUR);
  if (offset < 0)
    throw log_error{"a reader's place in a log is lost: "
                    + last_error().message()};
  position_ = begins_ + static_cast<std::uint64_t>(offset);
  if (position_ < log_.begin() || position_ > log_.end())
    throw log_error{"a reader stands at " + std::to_string(position_)
                    + ", which its log does not hold"};
  // If the file was removed, it has been read to its end.
  if (begins_ >= log_.begin()
      && !are_same_file(file_.get(), log_.open_at(begins_).file.get()))
    throw log_error{"a reader stands in a file that is no part of its log"};
}

ssize_t cursor::move_to(int pipe, std::uint64_t limit) {
  limit = std::min(limit, log_.end());
  ssize_t moved = 0;
  for (;;) {
    if (position_ < limit)
      step_over_struck();
    if (position_ >= limit)
      return moved;
    auto place = log_.segment_at(position_);
    if (place.begin != begins_)
      stand_at(position_);
    auto end = std::min(limit, log_.next_struck(position_));
    if (position_ < begun_to_)
      end = std::min(end, begun_to_);
    if (place.end != 0)
      end = std::min(end, place.end);
    auto count = move_part(pipe, end - position_);
    if (count < 0)
      return moved > 0 ? moved : -1;
    if (count == 0)
      throw std::system_error{std::make_error_code(std::errc::io_error),
                              "a log was cut off by somebody else"};
    position_ += static_cast<std::uint64_t>(count);
    AGENT_ASSERT(position_ <= end);
    moved += count;
    note();
  }
}

void cursor::seek(std::uint64_t offset) {
  stand_at(offset);
  note();
}

void cursor::on_description(holder tell) {
  tell_ = std::move(tell);
  if (tell_)
    tell_(file_.get(), begins_);
}

void cursor::on_position(std::function<void(std::uint64_t)> note) {
  note_ = std::move(note);
}

void cursor::stand_at(std::uint64_t offset) {
  auto begins = log_.segment_at(offset).begin;
  if (!file_ || begins != begins_) {
    auto place = log_.open_at(offset);
    if (tell_)
      tell_(place.file.get(), place.begin);
    file_ = std::move(place.file);
    begins_ = begins;
  } else if (::lseek(file_.get(), static_cast<off_t>(offset - begins_),
                     SEEK_SET)
             < 0) {
    throw std::system_error{last_error(), "lseek"};
  }
  position_ = offset;
}

// Does nothing within a line that has begun to go, because its rest goes as
// well.
void cursor::step_over_struck() {
  if (position_ < begun_to_)
    return;
  auto behind = log_.behind_struck(position_);
  if (behind == position_)
    return;
  if (log_.line_start_before(position_, begins_) == position_) {
    seek(std::min(behind, log_.end()));
    return;
  }
  std::array<char, 4096> text;
  auto at = position_;
  while (at < behind) {
    auto count = log_.read(at, text);
    auto* line_end = std::find(text.data(), text.data() + count, '\n');
    at += static_cast<std::uint64_t>(line_end - text.data());
    if (line_end != text.data() + count) {
      ++at;
      break;
    }
    if (count == 0)
      break;
  }
  begun_to_ = std::min(at, behind);
}

ssize_t cursor::move_part(int pipe, std::size_t size) {
  if (!copies_) {
    auto count = without_interruption([&] {
      return ::splice(file_.get(), nullptr, pipe, nullptr, size,
                      SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    });
    if (count >= 0
        || (errno != EINVAL && errno != ENOSYS && errno != EPERM
            && errno != EOPNOTSUPP))
      return count;
    copies_ = true;
  }
  return copy_part(pipe, size);
}

ssize_t cursor::copy_part(int pipe, std::size_t size) {
  std::array<char, read_size> buffer;
  auto there
    = log_.read(position_, std::span{buffer}.first(std::min(size, read_size)));
  auto count
    = without_interruption([&] { return ::write(pipe, buffer.data(), there); });
  if (count > 0
      && ::lseek(file_.get(), static_cast<off_t>(position_ - begins_) + count,
                 SEEK_SET)
           < 0)
    throw std::system_error{last_error(), "lseek"};
  return count;
}

void cursor::note() {
  if (note_)
    note_(position_);
}

} // namespace container_agent::storage
