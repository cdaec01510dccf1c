#pragma once

#include "main/loop/fd.hpp"
#include "main/shim/shim.hpp"

#include <stdexcept>
#include <string>
#include <system_error>

namespace container_agent::runtime {

/// A shim that can't be used. The text is complete for a user.
class shim_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The place at which the next agent finds the shim of a kept Claude: a socket
/// in the state directory, of mode 0600.
class shim_place {
public:
  explicit shim_place(const std::string& directory);

  const std::string& path() const { return path_; }

  /// Connects to the shim there; no descriptor if there is none. Waits a few
  /// seconds for a shim that does not answer. Throws `shim_error`.
  unique_fd connect() const;

  /// Makes a socket for the next shim beside the place and enters it into the
  /// plan. No descriptor, with `errno` set, on failure.
  unique_fd prepare(shim_plan& plan) const;

  /// Moves that socket to the place, in one step: at each instant exactly one
  /// shim can be found there.
  std::error_code put_in_place() const;

  /// Removes the socket at the place.
  void remove() const;

private:
  std::string directory_;
  std::string path_;
  std::string next_path_;
};

} // namespace container_agent::runtime
