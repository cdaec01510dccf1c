#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

/// The processes below this one: children, and as what they leave behind
/// becomes ours (PR_SET_CHILD_SUBREAPER, process 1), in the end all of them.
///
/// Nothing here takes the end of a process that it was not told to: no call
/// waits for "any child".
namespace container_agent::runtime {

using steady_time = std::chrono::steady_clock::time_point;

/// Until when ends of SIGKILL are waited for: for a second. It ends a process
/// at once, unless that sleeps uninterruptibly: then nobody can.
steady_time kill_deadline();

/// Whether `pid` is a child of this process, ended or not. So its number can't
/// be somebody else's.
bool is_child(pid_t pid);

/// The children of this process's only thread, the ended ones too, as /proc
/// tells; without /proc there are none. At most 256: the others after those.
std::vector<pid_t> children();

/// Waits until one of these children has ended, and leaves it to be reaped.
/// Returns false if `until` has passed.
bool wait_for_end(std::span<const pid_t> pids, steady_time until);

/// Kills all children but the spared ones, and then what they leave to us, and
/// so on; reaps them all. `on_end` is told each and its wait status. Returns
/// false if some are left: they may not be killed (a program of another user),
/// or `until` has passed (a process in an uninterruptible sleep).
bool kill_children(steady_time until, std::span<const pid_t> spared = {},
                   const std::function<void(pid_t, int)>& on_end = {});

} // namespace container_agent::runtime
