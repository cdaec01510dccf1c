#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_lock.hpp"
#include "main/loop/fd.hpp"
#include "main/loop/file_watch.hpp"

#include <sys/types.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// A FIFO that can't be used. The text is complete for a user: which path, what
/// is there, and what to do.
class fifo_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A FIFO that another agent uses.
class fifo_in_use : public fifo_error {
public:
  using fifo_error::fifo_error;
};

/// A path at which a FIFO is, or is to be.
///
/// An O_PATH descriptor holds the prepared FIFO. It keeps the inode alive, so
/// the inode's number can't be reused, and comparing numbers reliably tells
/// whether the FIFO is still the same. A lock beside it keeps other agents off
/// while this object lives.
class fifo_path {
public:
  static constexpr mode_t default_mode = 0660;

  /// `mode` is for a new FIFO; new directories get the same mode with search
  /// permission (0770 for 0660). `capacity`: bytes that the FIFO is to hold, if
  /// the system allows it; 0 leaves it as it is (64 KiB on Linux).
  explicit fifo_path(std::string path, mode_t mode = default_mode,
                     int capacity = 0);

  /// Checks whether `prepare` would succeed, as far as possible without
  /// changing anything. Throws `fifo_error` if not.
  void check() const;

  /// Uses the FIFO at the path as it is, or makes it (and its directory) with
  /// exactly `mode`, regardless of the umask. Throws `fifo_error` and changes
  /// nothing if something else is there: a file, a directory, a device, a
  /// socket, or a symbolic link, even to a FIFO; also if another agent has
  /// locked it.
  void prepare();

  /// `prepare` for the start; logs if there can be no lock.
  void prepare(event_log& log, std::string_view logger);

  /// Opens the prepared FIFO, non-blocking and close-on-exec, for O_RDONLY,
  /// O_WRONLY or O_RDWR, even if it has left its path since. On failure returns
  /// nothing, with `errno` set; does not throw.
  unique_fd open(int access) const;

  /// Whether the path now leads to something else, or to nothing.
  bool moved() const;

  enum class change {
    none,     ///< the path leads to the prepared FIFO
    replaced, ///< it led elsewhere, and `prepare` was done again
    unusable, ///< no FIFO, or another agent's; keeps the old one
  };

  /// Call this after a hint that the path or its lock may have changed. Logs a
  /// replacement, and once what makes it unusable. If the lock's file was
  /// removed, takes the lock again.
  change refresh(event_log& log, std::string_view logger);

  /// Removes the FIFO if `prepare` made it and it is still at the path. Logs a
  /// failure.
  void remove(event_log& log, std::string_view logger);

  const std::string& path() const { return path_; }
  const std::string& lock_path() const { return lock_.path(); }

  /// Whether `prepare` has made it.
  bool made() const { return made_; }

  /// A path for the prepared FIFO that works even if it has left its own.
  std::string current_name() const;

private:
  std::string path_;
  mode_t mode_;
  int capacity_;
  fifo_lock lock_;
  void renew_lock(event_log& log, std::string_view logger);

  unique_fd anchor_;
  bool made_ = false;
  bool complained_ = false;
};

/// Makes the directory of `path` if it is missing, as `fifo_path` does for
/// FIFOs of this mode. Throws `fifo_error`.
void make_directory_of(const std::string& path, mode_t mode);

} // namespace container_agent::runtime
