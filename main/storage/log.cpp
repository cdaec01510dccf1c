#include "main/storage/log.hpp"

#include "main/loop/system_call.hpp"
#include "messages/agent_assert.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace container_agent::storage {

namespace {

using runtime::last_error;
using runtime::unique_fd;
using runtime::without_interruption;

constexpr std::size_t scan_size = 4096;

// Capacity that `owed_` keeps for the next lines.
constexpr std::size_t spare_size = 64 * 1024;

// How seccomp, gVisor and unusual file systems refuse a call.
bool is_refusal(int error) {
  return error == EINVAL || error == ENOSYS || error == EPERM
         || error == EOPNOTSUPP;
}

} // namespace

log::log(settings s) : settings_{std::move(s)} {
  if (!in_memory()) {
    open_directory();
    find_segments();
  }
  if (!segments_.empty()) {
    check_sizes();
    check_link();
    open_newest();
    lead_to_newest();
    open_note();
    finish_append();
  } else {
    if (!in_memory()) {
      check_link();
      ::unlinkat(directory_.get(), note_name().c_str(), 0);
      open_note();
    }
    if (!begin_segment())
      throw log_error{trouble_};
  }
}

log::~log() = default;

std::uint64_t log::begin() const {
  return segments_.front().begin;
}

std::uint64_t log::end() const {
  return end_;
}

std::uint64_t log::line_start() const {
  return line_start_;
}

void log::append(std::string_view lines) {
  if (lines.empty())
    return;
  AGENT_ASSERT(!settings_.lines || lines.back() == '\n');
  owed_ += lines;
  pay();
}

std::uint64_t log::end_line() {
  if (!settings_.lines)
    return 0;
  pay_held();
  auto last = held_.rfind('\n');
  auto size = last == std::string::npos ? end_ - line_start_ + held_.size()
                                        : held_.size() - last - 1;
  if (size == 0)
    return 0;
  held_ += '\n';
  pay();
  return size;
}

std::size_t log::read(std::uint64_t from, std::span<char> into) const {
  if (from == end_)
    return 0;
  auto place = segment_at(from);
  auto to = place.end == 0 ? end_ : place.end;
  auto size = std::min<std::uint64_t>(into.size(), to - from);
  const auto& which = segments_[index_of(from)];
  auto count = without_interruption([&] {
    return ::pread(reading_file(which), into.data(), size,
                   static_cast<off_t>(from - which.begin));
  });
  if (count < 0)
    throw std::system_error{last_error(), path_of(file_name(which.begin))};
  if (count == 0 && size > 0)
    throw std::system_error{std::make_error_code(std::errc::io_error),
                            path_of(file_name(which.begin))
                              + " was cut off by somebody else"};
  return static_cast<std::size_t>(count);
}

void log::strike(std::uint64_t from, std::uint64_t to) {
  struck_.add(std::max(from, begin()), to);
}

void log::release(std::uint64_t before) {
  before = std::min(before, end_ - std::min(end_, settings_.keep));
  while (segments_.size() > 1 && segments_[1].begin <= before) {
    auto file = file_name(begin());
    if (!in_memory() && ::unlinkat(directory_.get(), file.c_str(), 0) != 0
        && errno != ENOENT) {
      tell_once("cannot remove " + path_of(file), last_error());
      break;
    }
    if (reading_.begin == begin())
      reading_ = {};
    segments_.pop_front();
  }
  AGENT_ASSERT(begin() <= end_);
  struck_.drop_before(begin());
}

std::string log::trouble() const {
  return trouble_;
}

void log::retry() {
  pay();
}

ssize_t log::take_from(int pipe, std::size_t most) {
  if (!pay() || !begin_segment_if_due()) {
    errno = error_.value();
    return -1;
  }
  if (!copies_) {
    auto count = splice_from(pipe, most);
    if (count >= 0 || !is_refusal(errno))
      return count;
    copies_ = true;
    tell_once("splice(2) into " + path_of(file_name(newest().begin))
                + " is refused: bytes are copied, and lost if the agent is "
                  "killed while it does",
              last_error());
  }
  return copy_from(pipe, most);
}

ssize_t log::splice_from(int pipe, std::size_t most) {
  auto count = static_cast<ssize_t>(most);
  if (!owed_.empty())
    count = up_to_line_end(pipe, most);
  if (count > 0) {
    auto offset = static_cast<loff_t>(end_ - newest().begin);
    auto size = static_cast<std::size_t>(count);
    count = without_interruption([&] {
      return ::splice(pipe, nullptr, newest().file.get(), &offset, size,
                      SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    });
  }
  if (count > 0) {
    publish(static_cast<std::uint64_t>(count));
    pay();
  } else if (count < 0 && errno != EAGAIN && !is_refusal(errno)) {
    fail("cannot write " + path_of(file_name(newest().begin)), last_error());
    errno = error_.value();
  }
  return count;
}

// Bytes that were read exist only here until they are written. While lines wait
// for the end of a line, reads single bytes, because nothing can be put back.
ssize_t log::copy_from(int pipe, std::size_t most) {
  auto one_by_one = !owed_.empty();
  std::array<char, read_size> buffer;
  ssize_t count = 0;
  std::size_t size = 0;
  do {
    count = without_interruption([&] {
      return ::read(pipe, buffer.data() + size,
                    one_by_one ? 1 : std::min(most, buffer.size()));
    });
    if (count > 0)
      size += static_cast<std::size_t>(count);
  } while (one_by_one && count > 0 && buffer[size - 1] != '\n'
           && size < std::min(most, buffer.size()));
  if (size == 0)
    return count;
  held_.assign(buffer.data(), size);
  pay();
  return static_cast<ssize_t>(size);
}

// Like a read: returns the number of bytes up to the end of a line.
ssize_t log::up_to_line_end(int pipe, std::size_t most) const {
  auto copy = runtime::make_pipe(O_NONBLOCK);
  if (!copy)
    return -1;
  auto count = without_interruption([&] {
    return ::tee(pipe, copy.writer.get(), std::min(most, read_size),
                 SPLICE_F_NONBLOCK);
  });
  if (count <= 0)
    return count;
  std::string text(static_cast<std::size_t>(count), '\0');
  count = without_interruption(
    [&] { return ::read(copy.reader.get(), text.data(), text.size()); });
  if (count <= 0)
    return count;
  auto end = std::string_view{text}.substr(0, static_cast<std::size_t>(count));
  auto at = end.find('\n');
  return at == std::string_view::npos ? count : static_cast<ssize_t>(at) + 1;
}

std::uint64_t log::line_start_before(std::uint64_t at,
                                     std::uint64_t not_before) const {
  auto least = std::max(begin(), not_before);
  std::array<char, scan_size> buffer;
  auto to = at;
  while (to > least) {
    auto from = to - std::min<std::uint64_t>(to - least, buffer.size());
    // A read may stop at a segment's end.
    std::size_t size = 0;
    while (from + size < to)
      size += read(from + size,
                   std::span{buffer}.subspan(size).first(to - from - size));
    auto last = std::string_view{buffer.data(), size}.rfind('\n');
    if (last != std::string_view::npos)
      return from + last + 1;
    to = from;
  }
  return std::min(at, least);
}

log::place log::open_at(std::uint64_t offset) const {
  auto result = segment_at(offset);
  const auto& which = segments_[index_of(offset)];
  result.file = open_segment(which);
  if (!result.file
      || ::lseek(result.file.get(), static_cast<off_t>(offset - which.begin),
                 SEEK_SET)
           < 0)
    throw std::system_error{last_error(), path_of(file_name(which.begin))};
  return result;
}

log::place log::segment_at(std::uint64_t offset) const {
  auto index = index_of(offset);
  auto last = index + 1 == segments_.size();
  return {{}, segments_[index].begin, last ? 0 : segments_[index + 1].begin};
}

std::size_t log::index_of(std::uint64_t offset) const {
  if (offset < begin() || offset > end_)
    throw std::out_of_range{
      settings_.name + ".log holds " + std::to_string(begin()) + " to "
      + std::to_string(end_) + ", not " + std::to_string(offset)};
  auto next = std::upper_bound(
    segments_.begin(), segments_.end(), offset,
    [](std::uint64_t o, const segment& s) { return o < s.begin; });
  return static_cast<std::size_t>(next - segments_.begin()) - 1;
}

int log::reading_file(const segment& which) const {
  if (which.file)
    return which.file.get();
  if (!reading_.file || reading_.begin != which.begin) {
    reading_.file = open_segment(which);
    reading_.begin = which.begin;
    if (!reading_.file)
      throw std::system_error{last_error(), path_of(file_name(which.begin))};
  }
  return reading_.file.get();
}

std::error_code log::sync() {
  if (in_memory())
    return {};
  for (auto& each : segments_) {
    if (!each.unsynced)
      continue;
    unique_fd opened;
    if (!each.file)
      opened = open_segment(each);
    auto file = each.file ? each.file.get() : opened.get();
    if (file < 0 || ::fdatasync(file) != 0)
      return last_error();
    each.unsynced = false;
  }
  if (directory_unsynced_ && ::fsync(directory_.get()) != 0)
    return last_error();
  directory_unsynced_ = false;
  return {};
}

bool log::begin_segment_if_due() {
  return !at_line_start() || end_ - newest().begin < settings_.segment
         || begin_segment();
}

bool log::pay() {
  if (held_.empty() && owed_.empty())
    return true;
  return pay_held() && (!at_line_start() || pay_owed());
}

bool log::pay_held() {
  while (!held_.empty()) {
    auto count = begin_segment_if_due() ? write_at(end_, held_) : -1;
    if (count < 0)
      return false;
    held_.erase(0, static_cast<std::size_t>(count));
    publish(static_cast<std::uint64_t>(count));
  }
  return true;
}

// The written part of a line that did not fit stays in the file; readers don't
// see it until the rest follows.
bool log::pay_owed() {
  if (!owed_.empty()
      && append_note::is_needed(end_ - newest().begin, owed_.size()))
    if (auto error = note_.write(end_, owed_))
      return fail("cannot write " + path_of(note_name()), error);
  while (!owed_.empty()) {
    if (written_ == 0 && !begin_segment_if_due())
      return false;
    auto count
      = write_at(end_ + written_, std::string_view{owed_}.substr(written_));
    if (count < 0)
      return false;
    written_ += static_cast<std::size_t>(count);
    auto whole = settings_.lines && written_ < owed_.size()
                   ? owed_.rfind('\n', written_ - 1) + 1
                   : written_;
    AGENT_ASSERT(whole <= written_ && written_ <= owed_.size());
    owed_.erase(0, whole);
    written_ -= whole;
    end_ += whole;
    line_start_ = end_;
  }
  if (owed_.capacity() > spare_size)
    owed_.shrink_to_fit();
  return true;
}

ssize_t log::write_at(std::uint64_t offset, std::string_view bytes) {
  auto count = without_interruption([&] {
    return ::pwrite(newest().file.get(), bytes.data(), bytes.size(),
                    static_cast<off_t>(offset - newest().begin));
  });
  if (count > 0) {
    trouble_.clear();
    newest().unsynced = true;
    return count;
  }
  fail("cannot write " + path_of(file_name(newest().begin)),
       count < 0 ? last_error() : std::make_error_code(std::errc::io_error));
  return -1;
}

void log::publish(std::uint64_t count) {
  trouble_.clear();
  newest().unsynced = true;
  auto old = end_;
  end_ += count;
  AGENT_ASSERT(end_ > old && written_ == 0);
  if (!settings_.lines) {
    line_start_ = end_;
    return;
  }
  // The bytes before `old` were searched already.
  if (auto start = line_start_before(end_, old); start != old)
    line_start_ = start;
  AGENT_ASSERT(newest().begin <= line_start_ && line_start_ <= end_);
}

bool log::fail(const std::string& what, std::error_code error) {
  trouble_ = what + ": " + error.message();
  error_ = error;
  return false;
}

void log::tell_once(const std::string& what, std::error_code error) {
  auto text = what + " (" + error.message() + ')';
  if (told_.insert(text).second && settings_.tell)
    settings_.tell(text);
}

} // namespace container_agent::storage
