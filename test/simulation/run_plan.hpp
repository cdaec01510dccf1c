#pragma once

#include "actors/agent_tree.hpp"
#include "actors/session/claude_session.hpp"
#include "test/simulation/claude_plan.hpp"
#include "test/simulation/faults.hpp"
#include "test/simulation/simulated_host.hpp"

#include <optional>
#include <vector>

namespace container_agent::simulation {

/// How the agent is run.
enum class run_mode : std::uint8_t {
  claude, ///< prompts and answers
  once,   ///< the same, until the input ends (`--exit-on-eof`), or as replies
  raw,    ///< `--mode raw`
  keep,   ///< `--keep-claude`
};

/// How one agent comes to leave the conversation to the next.
struct agent_end {
  time_span at{0};
  std::uint64_t calls = 0; ///< it dies at this call from then on; 0: SIGTERM
  bool after = false;      ///< … behind it
  bool all = false;        ///< everything around it dies with it
};

/// All that a seed draws before a run: how the agent is configured, what its
/// world does, what goes wrong. A new option of the agent's that matters here
/// gets a line in `draw`.
struct run_plan {
  claude_plan claude;
  host_plan host;
  fault_plan faults;

  run_mode mode = run_mode::claude;
  bool exit_on_eof = false;
  claude_session_config session;
  child_link_config child;
  drain_timeouts drain;
  agent_tree_config tree;

  /// How often the supervisor itself may fail.
  std::uint32_t supervisor_restarts = 100'000;

  /// How long everything may happen. Then faults cease, the host reads, and the
  /// agent has to come to rest.
  time_span turmoil{0};

  /// When signals come, if before the end of the turmoil.
  std::vector<time_span> signals;

  /// How often a client asks for the status; 0: never.
  time_span watch{0};

  /// What clients ask on the control socket, and when.
  std::vector<std::pair<time_span, std::string>> requests;

  /// When somebody sets the clock, and by how much.
  std::vector<std::pair<time_span, std::chrono::hours>> clock_jumps;

  /// When agents die or leave the conversation to the next one.
  std::vector<agent_end> ends;

  /// When the disk is full, and for how long.
  std::vector<std::pair<time_span, time_span>> full_disks;

  /// What of a log is let go of at once.
  std::uint64_t segment = 0;

  /// One in so many dies soon after its start.
  std::uint32_t early_deaths = 0;

  /// Longest time without an agent.
  time_span absence{0};

  static run_plan draw(chance& dice, run_mode mode);

  /// What of it a judge has to know.
  agent_options options() const;

private:
  void draw_ends(chance& dice);
};

} // namespace container_agent::simulation
