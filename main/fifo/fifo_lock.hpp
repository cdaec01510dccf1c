#pragma once

#include "main/loop/fd.hpp"

#include <sys/types.h>

#include <string>

namespace container_agent::runtime {

/// Keeps a second agent off a FIFO: a lock on a file beside it, "<FIFO>.lock".
///
/// (Not on the FIFO itself: a descriptor that is open for long enough to hold
/// a lock counts as a reader or a writer, and hides that the others have gone.
/// The reader of the input does lock its descriptor in addition, in case that
/// somebody removes the file.)
///
/// The lock is fcntl(2)'s: it ends with the process, however that ends, so a
/// file that a killed agent has left says nothing; it is not inherited by the
/// child or its guard; and the kernel knows who holds it. Two objects in one
/// process don't see each other.
class fifo_lock {
public:
  explicit fifo_lock(const std::string& fifo_path)
    : path_{fifo_path + ".lock"} {}
  fifo_lock(fifo_lock&&) noexcept = default;

  /// Removes the file, if it is held.
  ~fifo_lock();

  /// The other agent that holds it; empty if there is none, or it can't be
  /// told. Touches nothing. A text for a user: "another agent (pid 4711) uses
  /// it".
  std::string holder() const;

  /// Takes it; nothing happens if it is held, and the path still leads there.
  /// Returns who else holds it. If it can't be had at all (a folder that may
  /// not be written, a file system without locks), that is no reason not to
  /// work: `fault` says why. `mode` is for a file that has to be made.
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
