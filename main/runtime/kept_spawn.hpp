#pragma once

#include "actors/ports.hpp"
#include "main/runtime/keep_place.hpp"

#include <sys/types.h>

namespace container_agent::runtime {

/// Starts Claude on the FIFOs of the place so that it outlives the agent: in a
/// session of its own, without a word of when its parent dies. Everything else
/// is as for an ordinary child: see `posix_child_process`.
child_process::launch_result spawn_kept(const child_command& command,
                                        const keep_place& place);

} // namespace container_agent::runtime
