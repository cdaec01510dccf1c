#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/pipe.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace container_agent::simulation {

/// What Claudes do in a run, drawn by the seed. Rates are "one in so many
/// times", 0 is never.
struct claude_plan {
  time_span latency{100'000}; ///< longest time between two lines
  pipe_plan output;
  pipe_plan input;

  // each launch
  std::uint32_t crash = 0;         ///< at some byte, or at some time
  std::uint32_t exec_failure = 0;  ///< it cannot be started
  std::uint32_t deaf = 0;          ///< never reads its stdin
  std::uint32_t closes_input = 0;  ///< closes its stdin and lives on
  std::uint32_t closes_output = 0; ///< closes its stdout and lives on
  std::uint32_t grandchild = 0;    ///< leaves somebody who holds its stdout
  std::uint32_t stubborn = 0;      ///< ignores SIGTERM
  std::uint32_t unreadable = 0;    ///< its session can't be read, for a while

  // each control request
  std::uint32_t refuses = 0; ///< to set something
  std::uint32_t ignores = 0; ///< never answers

  // each turn
  std::uint32_t permission = 0; ///< asks the host before it goes on
  std::uint32_t error = 0;      ///< `result` with `is_error`
  std::uint32_t cancelled = 0;  ///< no `result`, `command_lifecycle` only
  std::uint32_t own_turn = 0;   ///< one of its own follows
  std::uint32_t task = 0;       ///< leaves a task in the background
  std::uint32_t endless = 0;    ///< … that never ends
  std::uint32_t garbage = 0;    ///< a line that is no JSON, or a blank one
  std::uint32_t long_line = 0;
  std::uint32_t stall = 0; ///< says nothing more

  /// The words of a prompt say what becomes of its turn, as to the Messages
  /// API's stand-in (test/support/messages_api.hpp), and chance has no part.
  bool obeys_words = false;

  /// From its command line:
  std::string mode = "default"; ///< of permissions
  bool bypass_allowed = false;
  bool asks_host = true; ///< before a tool is used, else it is denied
  bool logs = false;     ///< to stdout

  std::size_t long_line_bytes = 0;
  std::size_t answer_bytes = 0; ///< more, of an answer to `initialize`

  static claude_plan draw(chance& dice);

  /// The same Claude without faults.
  claude_plan harmless() const;
};

/// What becomes of one process.
struct claude_fate {
  enum class left_behind : std::uint8_t { nobody, in_group, out_of_group };

  std::optional<std::uint64_t> dies_after_output; ///< bytes
  std::optional<std::uint64_t> dies_after_input;  ///< bytes
  std::optional<time_span> dies_after;
  std::optional<std::uint64_t> closes_output_after; ///< bytes
  std::optional<time_span> closes_input_after;
  child_exit end; ///< of a death by itself
  bool deaf = false;
  bool stubborn = false;
  left_behind grandchild = left_behind::nobody;

  static claude_fate draw(const claude_plan& plan, chance& dice);
};

/// What Claude Code keeps on disk: it outlives its processes.
struct simulated_session {
  bool on_disk = false;           ///< can be resumed
  bool unreadable = false;        ///< … but for its file, which is no file
  std::set<std::string> answered; ///< prompts that it had begun to answer
  std::string open_task;          ///< that runs; empty if none
  unsigned requests = 0;          ///< to the host, so far
  unsigned tasks = 0;             ///< so far
};

using claude_sessions = std::map<std::string, simulated_session>;

} // namespace container_agent::simulation
