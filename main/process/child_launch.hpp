#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"
#include "main/shim/shim.hpp"

#include <sys/types.h>

#include <array>
#include <string>
#include <system_error>

/// Starts a child below a shim, by Boost.Process.
namespace container_agent::runtime {

/// The pipes between child, shim and agent.
struct child_pipes {
  pipe_ends input = make_pipe();
  pipe_ends output = make_pipe();
  pipe_ends error_output = make_pipe();
  unique_fd agents_socket;
  unique_fd shims_socket;
  std::error_code error;

  child_pipes();

  /// Sets their capacity; 0: unchanged. If refused, only speed suffers.
  void enlarge(int for_input, int for_output) const;

  std::array<int, 3> for_child() const;
  std::array<int, held_count> for_next_agent() const;
};

/// Checks for pidfd_open(2), which old kernels and some sandboxes lack.
/// Otherwise the library would fail with EBADF after the child has started.
std::error_code check_pidfd();

struct forked_child {
  pid_t pid = 0; ///< of the first process, the reaper; -1: there is none
  std::error_code error;
  std::string reason; ///< for a user
};

/// Returns once the program at `path` runs, or has failed to. On failure the
/// other processes end by themselves when their connection closes, and must be
/// reaped.
forked_child fork_child(event_loop& loop, const child_command& command,
                        const std::string& path, const child_pipes& pipes,
                        const shim_plan& plan);

} // namespace container_agent::runtime
