#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

/// The processes below this one. Orphans among them become our children
/// (PR_SET_CHILD_SUBREAPER, process 1), so in the end all of them can be
/// reaped.
///
/// Nothing here reaps a process that it was not told to reap: no call waits for
/// "any child".
namespace container_agent::runtime {

using steady_time = std::chrono::steady_clock::time_point;

/// One second from now: how long to wait for killed processes to end. SIGKILL
/// ends a process at once, unless it sleeps uninterruptibly.
steady_time kill_deadline();

/// Whether `pid` is a child of this process, ended or not. If so, its number
/// can't belong to another process.
bool is_child(pid_t pid);

/// The children of this process's only thread, including ended ones, as /proc
/// lists them; none without /proc. Returns at most 256; call again for the
/// rest.
std::vector<pid_t> children();

/// Waits until one of these children has ended, and leaves it to be reaped.
/// Returns false if `until` has passed.
bool wait_for_end(std::span<const pid_t> pids, steady_time until);

/// Kills all children except the spared ones, then the orphans they leave to
/// us, and so on; reaps them all. `on_end` is called with each pid and its wait
/// status. Returns false if some are left: they may not be killed (a program of
/// another user), or `until` has passed (an uninterruptible sleep).
bool kill_children(steady_time until, std::span<const pid_t> spared = {},
                   const std::function<void(pid_t, int)>& on_end = {});

} // namespace container_agent::runtime
