#pragma once

#include <sys/types.h>

namespace container_agent::runtime {

/// The guard: a process between the agent and its child. Whatever the child
/// has started, in whatever session, ends with the child, and all of them with
/// the agent, however that ends.
///
///     agent ── guard ── child ── what it starts
///
/// It is the subreaper of the child: what loses its parent below it becomes the
/// guard's own child, so nothing can get away by forking twice, and it reaps
/// what has ended. It holds no descriptor, takes no signal but SIGKILL, and
/// sleeps until a process below it or the agent ends. Then, once the child or
/// the agent has ended, it kills all that is left, and ends the same way as the
/// child did.
///
/// What it can't do: kill what runs as another user (a program with the set-uid
/// bit), see what is below it without /proc (then only the child's process
/// group is killed), outlive its own SIGKILL. For that one the agent is a
/// subreaper as well: see `posix_child_process`.

/// Forks: the guard never comes back from here, the child does, as a process
/// group of its own that gets SIGKILL when the guard ends. All signals are
/// blocked, and at their default. Returns false, with `errno` set, if that
/// can't be done; then there is no guard. `agent` is the parent's number.
bool fork_below_guard(pid_t agent);

} // namespace container_agent::runtime
