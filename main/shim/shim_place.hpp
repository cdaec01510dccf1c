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

/// Where the next agent finds the shim of a kept Claude: a socket in the state
/// directory, of mode 0600.
class shim_place {
public:
  explicit shim_place(const std::string& directory);

  const std::string& path() const { return path_; }

  /// A connection to the shim there; none if there is none. A shim that does
  /// not answer is waited for a few seconds. Throws `shim_error`.
  unique_fd connect() const;

  /// A socket for the next shim, beside the place, of which the plan gets to
  /// know; none, with `errno` set, if there can't be one.
  unique_fd prepare(shim_plan& plan) const;

  /// It takes the place, where it is found from now on. In one step: so at each
  /// instant there is one shim to be found.
  std::error_code put_in_place() const;

  /// Nothing is left to be found.
  void remove() const;

private:
  std::string directory_;
  std::string path_;
  std::string next_path_;
};

} // namespace container_agent::runtime
