#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"
#include "main/shim/shim.hpp"

#include <sys/types.h>

#include <array>
#include <string>
#include <system_error>

/// The start of a child below a shim, by Boost.Process.
namespace container_agent::runtime {

/// What child, shim and agent have between them.
struct child_pipes {
  pipe_ends input = make_pipe();
  pipe_ends output = make_pipe();
  pipe_ends error_output = make_pipe();
  unique_fd agents_socket;
  unique_fd shims_socket;
  std::error_code error;

  child_pipes();

  /// 0: as it is. A refusal costs speed only.
  void enlarge(int for_input, int for_output) const;

  std::array<int, 3> for_child() const;
  std::array<int, held_count> for_next_agent() const;
};

/// Old kernels and some sandboxes have no pidfd_open(2). The library would find
/// that out when the child runs already, and tell it as EBADF.
std::error_code check_pidfd();

struct forked_child {
  pid_t pid = 0; ///< of the first process, the reaper; -1: there is none
  std::error_code error;
  std::string reason; ///< for a user
};

/// Returns once the program at `path` runs, or has failed to. Then the other
/// processes end by themselves once their connection has, and are to be reaped.
forked_child fork_child(event_loop& loop, const child_command& command,
                        const std::string& path, const child_pipes& pipes,
                        const shim_plan& plan);

} // namespace container_agent::runtime
