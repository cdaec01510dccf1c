#include "main/storage/log_reader.hpp"

#include "main/loop/system_call.hpp"
#include "main/storage/segment_name.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

namespace container_agent::storage {

namespace {

using runtime::last_error;
using runtime::unique_fd;
using runtime::without_interruption;

constexpr std::size_t look_back = 4096;
constexpr std::size_t most_at_once = 64 * 1024;

constexpr std::uint32_t of_segments = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;
constexpr std::uint32_t of_folder = IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR;

std::string message_of(std::error_code error) {
  return error.message();
}

std::string opening_error(const std::string& directory) {
  if (errno == ENOENT)
    return "there is no " + directory
           + ": no agent with these options has run here, or one with "
             "--state-dir none";
  auto text = "cannot open " + directory + ": " + message_of(last_error());
  return errno == EACCES
           ? text + ". It belongs to the user that the agent runs as"
           : text;
}

} // namespace

log_reader::log_reader(std::string directory, std::string name)
  : directory_{std::move(directory)}, name_{std::move(name)} {
  unique_fd folder{
    ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder)
    throw reader_error{opening_error(directory_)};
  seek(begin());
}

std::uint64_t log_reader::begin() const {
  auto all = segments();
  if (all.empty())
    throw reader_error{"there is no log of " + name_ + " in " + directory_};
  return all.front();
}

std::uint64_t log_reader::end() const {
  auto all = segments();
  if (all.empty())
    throw reader_error{"there is no log of " + name_ + " in " + directory_};
  return all.back() + size_of(all.back());
}

// Look up the log's end before its beginning: both may grow in between, and a
// refusal must be true.
void log_reader::seek(std::uint64_t offset) {
  auto last = end();
  auto all = segments();
  auto next = std::upper_bound(all.begin(), all.end(), offset);
  if (next == all.begin())
    throw reader_error{"offset " + std::to_string(offset)
                       + " is no longer kept: the first one is "
                       + std::to_string(all.front())};
  if (offset > last)
    throw reader_error{"offset " + std::to_string(offset)
                       + " is not written yet: the log ends at "
                       + std::to_string(last)};
  auto segment = *std::prev(next);
  if (!open_segment(segment)) {
    if (errno == ENOENT) // dropped between these two steps
      throw reader_error{"offset " + std::to_string(offset)
                         + " is no longer kept: the first one is "
                         + std::to_string(begin())};
    throw reader_error{"cannot open " + path_of(segment) + ": "
                       + message_of(last_error())};
  }
  position_ = line_start_at(offset);
}

std::string_view log_reader::read_lines() {
  text_.erase(0, given_);
  given_ = 0;
  std::array<char, most_at_once> buffer;
  while (auto size = read(buffer)) {
    std::string_view block{buffer.data(), size};
    auto last = block.rfind('\n');
    if (last != std::string_view::npos)
      given_ = text_.size() + last + 1;
    text_ += block;
    if (given_ > 0)
      break;
  }
  return std::string_view{text_}.substr(0, given_);
}

std::size_t log_reader::read(std::span<char> into) {
  for (;;) {
    if (auto size = read_segment(into))
      return size;
    // Usually the next segment begins here; otherwise list the directory.
    if (position_ > segment_begin_ && open_segment(position_))
      continue;
    auto all = segments();
    if (all.empty() || all.back() <= segment_begin_)
      return 0;
    // Another segment follows, so this one does not grow any more.
    if (auto size = read_segment(into))
      return size;
    if (!go_to_next_segment())
      throw reader_error{"offset " + std::to_string(position())
                         + " is no longer kept: the first one is "
                         + std::to_string(begin())
                         + ". It was not read fast enough"};
  }
}

// The next segment may begin before the end of this one, if its last line was
// never completed.
bool log_reader::go_to_next_segment() {
  auto all = segments();
  auto next = std::upper_bound(all.begin(), all.end(), segment_begin_);
  return next != all.end() && *next <= position_ && open_segment(*next);
}

int log_reader::watch() {
  if (changes_)
    return changes_.get();
  changes_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!changes_
      || ::inotify_add_watch(changes_.get(), directory_.c_str(), of_segments)
           < 0)
    throw reader_error{"cannot watch " + directory_ + ": "
                       + message_of(last_error())};
  watch_segment();
  // Watches the folder above for the removal of this one, which not all file
  // systems report here. Permission may be missing; that is no reason to fail.
  parent_watch_ = ::inotify_add_watch(
    changes_.get(), (std::filesystem::path{directory_} / "..").c_str(),
    of_folder);
  return changes_.get();
}

void log_reader::acknowledge() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  auto is_gone = false;
  for (;;) {
    auto count = without_interruption(
      [&] { return ::read(changes_.get(), buffer.data(), buffer.size()); });
    if (count <= 0)
      break;
    for (ssize_t at = 0; at < count;) {
      const auto* event
        = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      is_gone = is_gone || event->wd == parent_watch_;
    }
  }
  if (is_gone && ::access(directory_.c_str(), F_OK) != 0)
    throw reader_error{directory_ + " was removed"};
}

std::vector<std::uint64_t> log_reader::segments() const {
  std::vector<std::uint64_t> result;
  std::error_code error;
  std::filesystem::directory_iterator entry{directory_, error};
  for (; !error && entry != std::filesystem::directory_iterator{};
       entry.increment(error))
    if (auto begin = segment_begin(entry->path().filename().string(), name_))
      result.push_back(*begin);
  if (error)
    throw reader_error{"cannot read " + directory_ + ": " + message_of(error)};
  std::sort(result.begin(), result.end());
  return result;
}

std::string log_reader::path_of(std::uint64_t begin) const {
  return directory_ + '/' + segment_name(name_, begin);
}

bool log_reader::open_segment(std::uint64_t begin) {
  unique_fd file{::open(path_of(begin).c_str(),
                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!file)
    return false;
  segment_ = std::move(file);
  segment_begin_ = begin;
  position_ = begin;
  text_.clear(); // a line never spans two segments
  given_ = 0;
  if (changes_)
    watch_segment();
  return true;
}

std::size_t log_reader::read_segment(std::span<char> into) {
  auto count = without_interruption([&] {
    return ::pread(segment_.get(), into.data(), into.size(),
                   static_cast<off_t>(position_ - segment_begin_));
  });
  if (count < 0)
    throw reader_error{"cannot read " + path_of(segment_begin_) + ": "
                       + message_of(last_error())};
  position_ += static_cast<std::uint64_t>(count);
  return static_cast<std::size_t>(count);
}

std::uint64_t log_reader::size_of(std::uint64_t begin) const {
  struct stat status {};
  if (::lstat(path_of(begin).c_str(), &status) != 0)
    throw reader_error{"cannot look at " + path_of(begin) + ": "
                       + message_of(last_error())};
  return static_cast<std::uint64_t>(status.st_size);
}

// Segments begin at the start of a line.
std::uint64_t log_reader::line_start_at(std::uint64_t offset) {
  std::array<char, look_back> buffer;
  while (offset > segment_begin_) {
    auto size = std::min<std::uint64_t>(offset - segment_begin_, look_back);
    position_ = offset - size;
    auto got = read_segment(std::span{buffer}.first(size));
    auto last = std::string_view{buffer.data(), got}.rfind('\n');
    if (last != std::string_view::npos)
      return offset - size + last + 1;
    offset -= size;
  }
  return segment_begin_;
}

// Uses the descriptor, because the path may lead elsewhere by now.
void log_reader::watch_segment() {
  if (segment_watch_ >= 0)
    ::inotify_rm_watch(changes_.get(), segment_watch_);
  auto path = "/proc/self/fd/" + std::to_string(segment_.get());
  segment_watch_ = ::inotify_add_watch(changes_.get(), path.c_str(), IN_MODIFY);
  if (segment_watch_ < 0)
    throw reader_error{"cannot watch " + path_of(segment_begin_) + ": "
                       + message_of(last_error())};
}

} // namespace container_agent::storage
