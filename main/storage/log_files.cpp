#include "main/storage/log.hpp"
#include "main/storage/segment_name.hpp"
#include "messages/agent_assert.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

/// Finds, makes and names the log's files.
namespace container_agent::storage {

namespace {

using runtime::last_error;
using runtime::unique_fd;

bool belongs_to_us(const struct stat& status) {
  return status.st_uid == ::geteuid() || status.st_uid == 0;
}

} // namespace

std::string log::file_name(std::uint64_t begin) const {
  return segment_name(settings_.name, begin);
}

std::string log::note_name() const {
  return settings_.name + ".append";
}

std::string log::path_of(const std::string& file) const {
  return in_memory() ? "memory of " + file : settings_.directory + '/' + file;
}

unique_fd log::open_segment(const segment& which) const {
  if (in_memory()) {
    // Its own description, because dup(2) would share the offset.
    auto path = "/proc/self/fd/" + std::to_string(which.file.get());
    return unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  }
  return unique_fd{::openat(directory_.get(), file_name(which.begin).c_str(),
                            O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
}

void log::open_directory() {
  directory_.reset(
    ::open(settings_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!directory_ || ::fstat(directory_.get(), &status) != 0)
    throw log_error{"cannot open the directory " + settings_.directory + ": "
                    + last_error().message()};
  if (!belongs_to_us(status))
    throw log_error{"the directory " + settings_.directory
                    + " belongs to somebody else (user "
                    + std::to_string(status.st_uid)
                    + "): use another one, or change its owner"};
}

void log::find_segments() {
  std::error_code error;
  std::filesystem::directory_iterator entry{settings_.directory, error};
  std::filesystem::directory_iterator last;
  for (; !error && entry != last; entry.increment(error)) {
    auto name = entry->path().filename().string();
    if (auto begin = segment_begin(name, settings_.name))
      segments_.push_back({*begin, {}, true});
  }
  if (error)
    throw log_error{"cannot read the directory " + settings_.directory + ": "
                    + error.message()};
  std::ranges::sort(segments_, {}, &segment::begin);
}

void log::check_sizes() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    auto begin = segments_[i].begin;
    auto file = file_name(begin);
    struct stat status {};
    if (::fstatat(directory_.get(), file.c_str(), &status, AT_SYMLINK_NOFOLLOW)
        != 0)
      throw log_error{"cannot look at " + path_of(file) + ": "
                      + last_error().message()};
    if (!S_ISREG(status.st_mode))
      throw log_error{path_of(file) + " is no regular file: move it away"};
    if (!belongs_to_us(status))
      throw log_error{path_of(file) + " belongs to somebody else (user "
                      + std::to_string(status.st_uid) + ")"};
    auto end = begin + static_cast<std::uint64_t>(status.st_size);
    if (i + 1 < segments_.size() && end != segments_[i + 1].begin)
      throw log_error{path_of(file) + " ends at " + std::to_string(end)
                      + ", but " + file_name(segments_[i + 1].begin)
                      + " follows: a part is missing or was changed. Move all "
                      + settings_.name + ".*.log away to begin anew"};
  }
}

// The path of the link to the newest segment may be a user's own file, which
// must not be replaced.
void log::check_link() const {
  auto link = settings_.name + ".log";
  struct stat status {};
  if (::fstatat(directory_.get(), link.c_str(), &status, AT_SYMLINK_NOFOLLOW)
        != 0
      || S_ISLNK(status.st_mode))
    return;
  for (const auto& each : segments_) {
    struct stat other {};
    if (::fstatat(directory_.get(), file_name(each.begin).c_str(), &other,
                  AT_SYMLINK_NOFOLLOW)
          == 0
        && other.st_ino == status.st_ino && other.st_dev == status.st_dev)
      return;
  }
  throw log_error{path_of(link)
                  + " is no link to a part of the log: move it away"};
}

void log::open_newest() {
  auto& last = newest();
  auto file = file_name(last.begin);
  last.file.reset(::openat(directory_.get(), file.c_str(),
                           O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!last.file || ::fstat(last.file.get(), &status) != 0)
    throw log_error{"cannot open " + path_of(file) + ": "
                    + last_error().message()};
  end_ = last.begin + static_cast<std::uint64_t>(status.st_size);
  line_start_ = settings_.lines ? line_start_before(end_, last.begin) : end_;
}

void log::open_note() {
  if (auto error = note_.open(directory_.get(), note_name(), settings_.mode))
    tell_once("cannot make " + path_of(note_name())
                + ": a line that is being appended may be cut if the agent is "
                  "killed",
              error);
}

// Completes what an agent was appending when it was killed. Part of its last
// line may be in the file, which no reader has seen.
void log::finish_append() {
  auto found = note_.unfinished(end_);
  if (!found || found->offset > line_start_)
    return;
  auto rest = found->text.substr(line_start_ - found->offset);
  auto there = text_in(*this, line_start_, end_);
  if (!rest.starts_with(there))
    return;
  owed_ = std::move(rest);
  written_ = there.size();
  end_ = line_start_;
  pay();
}

unique_fd log::make_segment(const std::string& file) const {
  if (in_memory())
    return unique_fd{::memfd_create(file.c_str(), MFD_CLOEXEC)};
  return unique_fd{::openat(directory_.get(), file.c_str(),
                            O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                            settings_.mode)};
}

// Programs that clean up in /tmp remove old folders. The log goes on in a new
// one; it has lost what nobody had read yet.
bool log::make_directory_again() {
  const auto* path = settings_.directory.c_str();
  if (::mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
    return false;
  unique_fd fresh{
    ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
  struct stat status {};
  if (!fresh || ::fstat(fresh.get(), &status) != 0 || !belongs_to_us(status))
    return false;
  directory_ = std::move(fresh);
  tell_once("the directory " + settings_.directory
              + " was removed; the log goes on in a new one",
            std::make_error_code(std::errc::no_such_file_or_directory));
  open_note();
  return true;
}

bool log::begin_segment() {
  segment next{end_, {}, true};
  auto file = file_name(end_);
  next.file = make_segment(file);
  if (!next.file && errno == ENOENT && make_directory_again())
    next.file = make_segment(file);
  if (!next.file)
    return fail("cannot make " + path_of(file), last_error());
  if (!segments_.empty() && !in_memory())
    newest().file.reset();
  AGENT_ASSERT(segments_.empty() || newest().begin < next.begin);
  segments_.push_back(std::move(next));
  directory_unsynced_ = true;
  lead_to_newest();
  return true;
}

void log::lead_to_newest() {
  if (in_memory())
    return;
  if (auto error = replace_link())
    tell_once("cannot make " + path_of(settings_.name + ".log")
                + ", which leads to the newest part of the log",
              error);
}

// Makes the link under a temporary name and renames it, so that it always
// exists.
std::error_code log::replace_link() {
  auto link = settings_.name + ".log";
  auto fresh = '.' + link + ".new";
  auto target = file_name(newest().begin);
  auto directory = directory_.get();
  ::unlinkat(directory, fresh.c_str(), 0);
  if (::symlinkat(target.c_str(), directory, fresh.c_str()) != 0) {
    auto error = last_error();
    if (::linkat(directory, target.c_str(), directory, fresh.c_str(), 0) != 0)
      return error;
  }
  std::error_code error;
  if (::renameat(directory, fresh.c_str(), directory, link.c_str()) != 0)
    error = last_error();
  // Hard links of the same file are not renamed, so remove the temporary name.
  ::unlinkat(directory, fresh.c_str(), 0);
  return error;
}

void log::set_aside() {
  for (const auto& each : segments_) {
    if (in_memory())
      break;
    auto file = file_name(each.begin);
    std::string aside;
    for (int number = 1; aside.empty(); ++number) {
      auto name = file + ".old-" + std::to_string(number);
      struct stat status {};
      if (::fstatat(directory_.get(), name.c_str(), &status,
                    AT_SYMLINK_NOFOLLOW)
          != 0)
        aside = name;
    }
    if (::renameat(directory_.get(), file.c_str(), directory_.get(),
                   aside.c_str())
        != 0)
      throw log_error{"cannot rename " + path_of(file) + " to " + aside + ": "
                      + last_error().message()};
  }
  auto old = std::exchange(segments_, {});
  reading_ = {};
  struck_.clear();
  held_.clear();
  written_ = 0;
  line_start_ = end_;
  if (begin_segment()) {
    pay();
    return;
  }
  segments_ = std::move(old);
  throw log_error{trouble_};
}

} // namespace container_agent::storage
