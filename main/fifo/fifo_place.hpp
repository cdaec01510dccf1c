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

/// A FIFO that can't be used. The text is complete for a user: which path,
/// what was found there, and what to do.
class fifo_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A FIFO that another agent uses.
class fifo_in_use : public fifo_error {
public:
  using fifo_error::fifo_error;
};

/// A path at which a FIFO is, or shall be.
///
/// What was prepared is held by an O_PATH descriptor. That keeps the inode
/// alive, so its number can't come back as another file's: comparing numbers
/// tells reliably whether the FIFO is still the same. A lock beside it keeps
/// other agents off, for as long as this object lives.
class fifo_place {
public:
  static constexpr mode_t default_mode = 0660;

  /// `mode` is for a FIFO that has to be made; directories that have to be
  /// made get the same with search permission (0770 for 0660).
  /// `capacity`: bytes that the FIFO shall hold, if the system allows it; 0
  /// leaves it as it is (64 KiB on Linux).
  explicit fifo_place(std::string path, mode_t mode = default_mode,
                      int capacity = 0);

  /// Whether `prepare` would succeed, as far as can be told without touching
  /// anything. Throws `fifo_error` if not.
  void check() const;

  /// Uses the FIFO at the path as it is, or makes it (and its directory) with
  /// the mode whatever the umask is. Throws `fifo_error`, and touches nothing,
  /// if anything else is there: a file, a directory, a device, a socket, or a
  /// symbolic link, be it one to a FIFO; and if another agent has locked it.
  void prepare();

  /// `prepare` for the start; says in the log if there can be no lock.
  void prepare(event_log& log, std::string_view logger);

  /// Opens what `prepare` has found or made, non-blocking and close-on-exec,
  /// for O_RDONLY, O_WRONLY or O_RDWR; also if it has left the path since.
  /// Returns nothing, with `errno` set, on failure; throws nothing.
  unique_fd open(int access) const;

  /// Whether the path leads to something else now, or to nothing.
  bool moved() const;

  enum class change {
    none,     ///< the path leads to what was prepared
    replaced, ///< it led elsewhere; `prepare` was done again
    unusable, ///< it is no FIFO, or another agent's; what was is kept
  };

  /// After a hint that the path or its lock may have changed. Logs a
  /// replacement, and once what keeps it from being used. A lock whose file was
  /// removed is taken again.
  change refresh(event_log& log, std::string_view logger);

  /// Removes the FIFO if `prepare` made it and it is still at the path. Logs a
  /// failure.
  void remove(event_log& log, std::string_view logger);

  const std::string& path() const { return path_; }
  const std::string& lock_path() const { return lock_.path(); }

  /// Whether `prepare` has made it.
  bool made() const { return made_; }

  /// A name for the prepared FIFO that works even if it has left its path.
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

/// Makes that directory if it is missing, as `fifo_place` does for FIFOs of
/// this mode. Throws `fifo_error`.
void make_directory_of(const std::string& path, mode_t mode);

} // namespace container_agent::runtime
