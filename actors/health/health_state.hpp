#pragma once

#include "messages/records/status_document.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace container_agent {

/// Judges the agent's state from what one look round has found. Pure. The first
/// row that holds decides:
///
/// | state    | holds when                                                  |
/// | -------- | ----------------------------------------------------------- |
/// | failed   | the supervisor did not answer; neither conversation nor     |
/// |          | claude_process did; restarting was given up                 |
/// | degraded | a shutdown has begun; any other actor did not answer; the   |
/// |          | input can't be read, such as because a disk is full;        |
/// |          | Claude has refused what it must have before any prompt;     |
/// |          | Claude is away after it was ready once, or was never ready  |
/// |          | in `slow_start`; something was restarted within the window; |
/// |          | Claude's memory is over its limit; the loop was late by     |
/// |          | `max_lag`                                                   |
/// | starting | Claude was not ready yet                                    |
/// | busy     | a turn is in flight, Claude works on one of its own, or a   |
/// |          | task of its runs in the background                          |
/// | ready    | else                                                        |
///
/// The states follow each other like this, and each of them can fail:
///
///     starting ─Claude is ready─▶ ready ◀─turn ends─┬─ busy
///         │                         │ ─turn begins──┴▶  │
///         └────────── a fault ──────┴────── a fault ────┘
///                        ▼
///                    degraded ─gave up, core silent─▶ failed
///
/// The state returns from `degraded` as soon as no fault is left.
///
/// Beside the state there are two answers for those who restart or route:
///
/// - live: the loop turns and the core answers. If not, only a restart of the
///   agent will help.
/// - ready: prompts written now will be worked on. The agent is live, Claude
///   takes prompts, nothing was given up, no shutdown has begun.
struct health_verdict {
  std::string state;
  bool live = true;
  bool ready = false;
  std::string why; ///< a sentence that says what decided
};

struct health_limits {
  std::uint64_t max_claude_rss = 0; ///< bytes; 0: none

  /// Claude Code needs a second or two; a minute is clearly too long.
  std::chrono::seconds slow_start{60};

  /// Hosts would notice a handler that takes this long.
  std::chrono::milliseconds max_lag{1000};
};

/// `was_ready`: Claude was ready for prompts at an earlier look.
health_verdict judge(const codec::status_facts& facts, bool was_ready,
                     const health_limits& limits);

/// Whether Claude uses more memory than it may.
bool over_limit(const codec::status_facts& facts, const health_limits& limits);

/// "1300 MiB".
std::string in_mebibytes(std::uint64_t size);

} // namespace container_agent
