#pragma once

#include "test/support/deadline.hpp"
#include "test/support/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::test {

/// Opens the reading end, at once, whether or not anybody writes.
/// Non-blocking. Throws std::system_error when there is nothing to open.
unique_fd open_fifo_reader(const std::filesystem::path& path);

/// Opens the writing end at once; nothing when nobody reads, or when the path
/// is missing. Non-blocking.
std::optional<unique_fd>
try_open_fifo_writer(const std::filesystem::path& path);

/// What the name is, without following a link: "fifo", "regular", "symlink",
/// "directory", "missing" or "other".
std::string kind_of(const std::filesystem::path& path);

/// The permission bits of what is at the path.
mode_t mode_of(const std::filesystem::path& path);

/// The inode number, to tell a FIFO from one that took its place.
ino_t inode_of(const std::filesystem::path& path);

/// Makes a FIFO with exactly this mode, whatever the umask.
void make_fifo(const std::filesystem::path& path, mode_t mode = 0600);

/// Opens a FIFO for writing, writes, closes: `echo … > fifo`. Waits until
/// somebody reads it; throws std::runtime_error past the deadline.
void open_write_close(const std::filesystem::path& path, std::string_view bytes,
                      const deadline& until = deadline{});

/// Tells of names that come, go or are opened in a directory, so that a test
/// can wait for them without asking again and again. Everything that happens
/// after its construction is told.
class directory_watch {
public:
  explicit directory_watch(const std::filesystem::path& directory);

  /// Watches for these events only (inotify(7)); also for a path that is not a
  /// directory.
  directory_watch(const std::filesystem::path& path, unsigned events);

  /// Readable when something has happened.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Forgets what has happened so far; never blocks.
  void drain();

  /// Waits until the predicate holds; it is asked now and then again after
  /// each event. Throws std::runtime_error past the deadline.
  template <class Predicate>
  void wait_until(Predicate predicate, std::string_view what,
                  deadline until = deadline{}) {
    while (!predicate())
      wait_event(what, until);
  }

  /// Waits for the next event.
  void wait_event(std::string_view what, const deadline& until = deadline{});

private:
  unique_fd fd_;
};

} // namespace container_agent::test
