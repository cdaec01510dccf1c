#pragma once

#include "main/loop/fd.hpp"

#include <sys/types.h>

#include <string>

namespace container_agent::runtime {

/// Keeps other agents off a FIFO, by a lock on a file beside it, "<FIFO>.lock".
///
/// (The lock is not on the FIFO itself: a descriptor kept open for a lock
/// counts as a reader or a writer, and hides that the others have left. In
/// addition the input's reader locks its own descriptor, in case the file is
/// removed.)
///
/// It is an fcntl(2) lock. It ends with the process, so a file left by a killed
/// agent means nothing; the child and its shim don't inherit it; and the kernel
/// knows who holds it. Two objects in one process don't see each other.
class fifo_lock {
public:
  explicit fifo_lock(const std::string& fifo_path)
    : path_{fifo_path + ".lock"} {}
  fifo_lock(fifo_lock&&) noexcept = default;

  /// Removes the file, if it is held.
  ~fifo_lock();

  /// Describes the other agent that holds it; empty if there is none, or that
  /// is not known. Changes nothing. A text for a user: "another agent (pid
  /// 4711) uses it".
  std::string holder() const;

  /// Takes the lock. No effect if it is held and the path still leads to its
  /// file. Returns a description of another holder. If locking is impossible (a
  /// folder that can't be written, a file system without locks), the agent
  /// works without it, and `fault` says why. `mode` is for a new file.
  std::string hold(mode_t mode);

  const std::string& path() const { return path_; }
  const std::string& fault() const { return fault_; }

private:
  unique_fd open_file(mode_t mode) const;
  bool leads_to(const unique_fd& file) const;

  std::string path_;
  std::string fault_;
  unique_fd file_;
};

} // namespace container_agent::runtime
