#pragma once

#include "main/shim/shim_message.hpp"

#include <sys/types.h>

#include <string>

namespace container_agent::runtime {

/// The shim is the process between the agent and Claude. It only holds things;
/// all decisions are the agent's, and no byte passes through it.
///
///     agent ── reaper ── shim ── Claude ── what it starts
///
/// The shim is Claude's parent and the subreaper of everything that Claude
/// starts: a process that loses its parent becomes the shim's child, so nothing
/// escapes by forking twice. When Claude has ended, the shim keeps its exit
/// status and kills everything that is left. It is a fork of the agent, never
/// another program. It reacts to no signal but SIGKILL, and sleeps until a
/// process below it ends or the agent sends a message.
///
/// When the agent's connection ends, for whatever reason, the shim kills Claude
/// and everything below it, and exits. With `keep` it waits for the next agent
/// instead, if that agent can find it. Each agent that connects is told
/// everything and receives all that the shim holds
/// (`shim_message::kind::hello`). With `keep` the shim also stays after Claude
/// has ended, until it is told to exit or another shim has taken its place.
///
/// The reaper above the shim has one task: when the shim has ended, it kills
/// what is left. The kernel kills Claude when its shim ends, but not the
/// processes that Claude started, and a later agent is not their ancestor.
///
/// Neither can kill a process of another user (a program with the set-uid bit),
/// find processes without /proc (then only Claude's process group is killed),
/// or survive a SIGKILL to both at once. For the last case the agent that
/// started them is a subreaper as well; see `claude_child`.
struct shim_plan {
  int connection = -1; ///< the shim's end of a socketpair(2)

  /// The rest is for `keep` only: a bound socket, the path where it will be,
  /// and its identity there (`find_at`).
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

/// Identifies the file at `path`. False if it can't be looked at.
bool find_at(const std::string& path, shim_plan::identity& found);

/// Forks three times. Only the child returns from here, not the reaper or the
/// shim. The child has its own process group and gets SIGKILL when the shim
/// ends. All signals must be blocked and at their default. On failure returns
/// false with `errno` set; the other processes then end by themselves.
bool fork_below_shim(const shim_plan& plan);

} // namespace container_agent::runtime
