#pragma once

#include "main/shim/shim_message.hpp"

#include <sys/types.h>

#include <string>

namespace container_agent::runtime {

/// The shim: the process between the agent and Claude. It holds, the agent
/// thinks: no byte passes through it.
///
///     agent ── reaper ── shim ── Claude ── what it starts
///
/// It is Claude's parent and the subreaper of all that Claude starts: what
/// loses its parent below it becomes its own child, so nothing gets away by
/// forking twice. It reaps what has ended, knows how Claude has, and kills then
/// all that is left. It is the agent forked, never another program; it takes no
/// signal but SIGKILL, and sleeps until a process below it ends or the agent
/// speaks.
///
/// When the agent's connection ends, however the agent has ended, it kills
/// Claude and all below it, and goes. With `keep` it waits for the next agent
/// instead, unless that would not find it: each agent that comes is told all,
/// and gets all that it holds (`shim_message::kind::hello`). Of a Claude that
/// has ended a shim with `keep` stays until it is told to go, or another one
/// has taken its place.
///
/// The reaper above it does one thing: when the shim has ended, it kills what
/// is left. The kernel kills Claude with its shim, but not what Claude has
/// started, and no agent of later is above that.
///
/// What both can't do: kill what runs as another user (a program with the
/// set-uid bit), see what is below without /proc (then only Claude's process
/// group is killed), outlive a SIGKILL to both at once. For that one the agent
/// that has started them is a subreaper as well: see `claude_child`.
struct shim_plan {
  int connection = -1; ///< the shim's end of a socketpair(2)

  /// What follows is for `keep` alone: a socket that is bound, the path where
  /// it will be, and what it then is there (`find_at`).
  bool keep = false;
  int listener = -1;
  std::string path;
  struct identity {
    dev_t device = 0;
    ino_t file = 0;
    timespec made{};
  };
  identity at_path;
  std::array<int, held_count> files{-1, -1, -1, -1, -1, -1, -1};
  file_offsets begins{};
  std::uint64_t input_from = 0;
};

/// What is at `path`. False if it can't be looked at.
bool find_at(const std::string& path, shim_plan::identity& found);

/// Forks three times: neither the reaper nor the shim comes back from here,
/// the child does, as a process group of its own that gets SIGKILL when the
/// shim ends. All signals are to be blocked, and at their default. Returns
/// false, with `errno` set, if that can't be done; then the others end by
/// themselves.
bool fork_below_shim(const shim_plan& plan);

} // namespace container_agent::runtime
