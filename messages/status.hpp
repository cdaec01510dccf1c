#pragma once

#include "messages/histogram.hpp"
#include "messages/inspect.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// The health monitor's questions and their answers.
namespace container_agent {

/// Time for the health monitor's next look round.
struct health_tick {
  CONTAINER_AGENT_INSPECT(health_tick)
};

struct get_conversation_status {
  CONTAINER_AGENT_INSPECT(get_conversation_status)
};

/// The cost since the agent's start, as Claude's results report it.
struct claude_bill {
  double dollars = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cache_read_tokens = 0;
  std::uint64_t cache_creation_tokens = 0;

  CONTAINER_AGENT_INSPECT(claude_bill, x.dollars, x.input_tokens,
                          x.output_tokens, x.cache_read_tokens,
                          x.cache_creation_tokens)
};

/// A request of Claude's that the host has not answered yet. Its subject may be
/// secret, so it is not printed.
struct open_request {
  std::string id;
  std::string subtype; ///< `can_use_tool`, `hook_callback`, …
  std::string tool;    ///< or another name; may be empty
  std::string summary; ///< redacted and short; may be empty
  std::chrono::milliseconds age{0};

  CONTAINER_AGENT_INSPECT(open_request, x.id, x.subtype, x.tool, x.age)
};

/// Counters begin at the agent's start.
struct conversation_status {
  bool ready = false;   ///< Claude is ready for prompts
  bool gave_up = false; ///< it is not started again unless somebody asks
  std::string session_id;
  std::uint64_t queued = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t lines = 0;
  std::uint64_t accepted = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t rejected = 0;
  std::uint64_t resent = 0;
  std::uint64_t continued = 0;
  std::uint64_t control_lost = 0; ///< control messages of the host's
  std::string blocked;   ///< why nothing is sent to a running Claude; or empty
  std::string trouble{}; ///< why the logs can't be written; or empty
  std::chrono::milliseconds turn_age{0}; ///< 0 unless one is in flight
  std::chrono::milliseconds silence{0};  ///< since Claude's last word
  histogram turns;                       ///< durations of turns that are over
  histogram first_outputs; ///< time until Claude's first word in each
  claude_bill bill;

  /// How long input was held back because enough was waiting.
  std::chrono::milliseconds input_held{0};

  /// How long Claude's output was held back because the host did not read.
  std::chrono::milliseconds output_held{0};

  /// The oldest requests that wait for the host, and the number of all.
  std::vector<open_request> requests;
  std::uint64_t requests_open = 0;

  std::uint64_t tasks = 0;      ///< of Claude's, in the background
  bool own_turn = false;        ///< Claude works on a turn that no prompt began
  std::uint64_t events_end = 0; ///< of the log of events

  CONTAINER_AGENT_INSPECT(conversation_status, x.ready, x.gave_up, x.session_id,
                          x.queued, x.queued_bytes, x.in_flight, x.lines,
                          x.accepted, x.answered, x.failed, x.rejected,
                          x.resent, x.continued, x.control_lost, x.blocked,
                          x.trouble, x.turn_age, x.silence, x.turns,
                          x.first_outputs, x.bill, x.input_held, x.output_held,
                          x.requests, x.requests_open, x.tasks, x.own_turn,
                          x.events_end)
};

struct get_child_status {
  CONTAINER_AGENT_INSPECT(get_child_status)
};

struct child_status {
  bool running = false;
  std::int32_t pid = 0;
  std::uint64_t generation = 0; ///< launches so far

  CONTAINER_AGENT_INSPECT(child_status, x.running, x.pid, x.generation)
};

struct get_input_status {
  CONTAINER_AGENT_INSPECT(get_input_status)
};

struct input_status {
  std::uint64_t unread_bytes = 0; ///< in the FIFO
  std::string trouble{};          ///< why it is not read, such as a full disk

  CONTAINER_AGENT_INSPECT(input_status, x.unread_bytes, x.trouble)
};

struct get_output_status {
  CONTAINER_AGENT_INSPECT(get_output_status)
};

struct output_status {
  std::uint64_t pending_bytes = 0; ///< in the log, not in the FIFO yet
  std::uint64_t dropped_replies = 0;
  std::uint64_t unread_bytes = 0; ///< in the FIFO, not yet read by the host
  std::uint64_t read_bytes = 0;   ///< moved and read by the host
  std::uint64_t read_to = 0;      ///< the host has read the log up to here

  CONTAINER_AGENT_INSPECT(output_status, x.pending_bytes, x.dropped_replies,
                          x.unread_bytes, x.read_bytes, x.read_to)
};

struct get_shutdown_status {
  CONTAINER_AGENT_INSPECT(get_shutdown_status)
};

struct shutdown_status {
  std::string phase = "running"; ///< of the `drain_plan`

  CONTAINER_AGENT_INSPECT(shutdown_status, x.phase)
};

struct get_control_status {
  CONTAINER_AGENT_INSPECT(get_control_status)
};

struct control_status {
  std::uint64_t connections = 0; ///< open now

  CONTAINER_AGENT_INSPECT(control_status, x.connections)
};

struct get_supervisor_status {
  CONTAINER_AGENT_INSPECT(get_supervisor_status)
};

/// How often a child was restarted for a kind of reason.
struct restart_count {
  std::string child;
  std::string reason; ///< as `kind_of` names it
  std::uint64_t count = 0;

  CONTAINER_AGENT_INSPECT(restart_count, x.child, x.reason, x.count)
};

struct supervisor_status {
  std::uint64_t restarts = 0;           ///< of any child, since the start
  std::uint64_t restarts_in_window = 0; ///< of the child with the most
  std::string gave_up{}; ///< the child that is no longer started, or empty
  std::vector<restart_count> by_child{};

  CONTAINER_AGENT_INSPECT(supervisor_status, x.restarts, x.restarts_in_window,
                          x.gave_up, x.by_child)
};

struct get_health {
  CONTAINER_AGENT_INSPECT(get_health)
};

/// The status document, one JSON object as text.
struct health_report {
  std::string state; ///< starting, ready, busy, degraded or failed
  std::string document;

  CONTAINER_AGENT_INSPECT(health_report, x.state, x.document)
};

} // namespace container_agent
