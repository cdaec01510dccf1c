#pragma once

#include "messages/exit_kind.hpp"
#include "messages/inspect.hpp"
#include "messages/status.hpp"
#include "messages/trace_id.hpp"

#include <chrono>
#include <cstdint>
#include <string>

/// The messages between actors. Commands are imperative, events past tense,
/// queries begin with `get_`. All are plain data; what hosts and Claude say is
/// in the logs, never in a message.
namespace container_agent {

// -- the logs: what was appended, and what was taken out of them
// ---------------

// Offsets count the bytes of a log from its first one. All of these messages
// are cumulative: a late, lost or repeated one does no harm, and a restarted
// actor reads the logs from its own position.

/// The input log has grown to `end`. `cut_at`: where the last writer left,
/// perhaps in the middle of a line, which ends there; 0: nowhere. `ended`: no
/// more will come.
struct input_grew {
  std::uint64_t end = 0;
  std::uint64_t cut_at = 0;
  bool ended = false;

  CONTAINER_AGENT_INSPECT(input_grew, x.end, x.cut_at, x.ended)
};

/// The input was dealt with up to `taken`, and is wanted up to `limit` for now.
/// `half`: a message has begun and is not complete yet.
struct input_window {
  std::uint64_t taken = 0;
  std::uint64_t limit = 0;
  bool half = false;

  CONTAINER_AGENT_INSPECT(input_window, x.taken, x.limit, x.half)
};

/// The child's stdin is to get its log up to `end`.
struct child_input_grew {
  std::uint64_t end = 0;
  trace_id prompt{}; ///< for traces; zero: no prompt's

  CONTAINER_AGENT_INSPECT(child_input_grew, x.end)
};

/// The child's stdin has received everything up to `taken`.
struct child_input_window {
  std::uint64_t taken = 0;

  CONTAINER_AGENT_INSPECT(child_input_window, x.taken)
};

/// The child's output is in the log up to `end`.
struct child_output_grew {
  std::uint64_t end = 0;

  CONTAINER_AGENT_INSPECT(child_output_grew, x.end)
};

/// The child's output is wanted up to `limit` for now.
struct child_output_window {
  std::uint64_t limit = 0;

  CONTAINER_AGENT_INSPECT(child_output_window, x.limit)
};

/// The host is to get the shown log up to `end`.
struct host_output_grew {
  std::uint64_t end = 0;
  trace_id prompt{}; ///< as in `child_input_grew`

  CONTAINER_AGENT_INSPECT(host_output_grew, x.end)
};

/// The host's output has been moved up to `taken`.
struct host_output_window {
  std::uint64_t taken = 0;

  CONTAINER_AGENT_INSPECT(host_output_window, x.taken)
};

// -- the child
// -----------------------------------------------------------------

/// The child has ended, perhaps within a line, and all its output is in the
/// log, up to `end`. Sent again to each new conversation; `generation`
/// identifies the child.
struct child_ended {
  std::uint64_t generation = 0;
  std::uint64_t end = 0;
  std::int32_t pid = 0;
  std::int32_t exit_code = 0; ///< valid if `signal` is 0 and `kind` is `known`
  std::int32_t signal = 0;
  bool asked = false;  ///< it was told to end for good
  std::string renewal; ///< why it was ended to be started again, or empty
  exit_kind kind = exit_kind::known;
  bool awaits_next = false; ///< attach-only: wait for the next process
  std::uint64_t taken = 0;  ///< its stdin received all up to here

  CONTAINER_AGENT_INSPECT(child_ended, x.generation, x.end, x.pid, x.exit_code,
                          x.signal, x.asked, x.renewal, x.kind, x.awaits_next,
                          x.taken)
};

/// Whether somebody wanted this end.
inline bool is_wanted(const child_ended& end) {
  return end.asked || !end.renewal.empty();
}

/// A child runs. Sent again to each new conversation. `generation` counts
/// launches, from 1, and so tells a new child from an old one that was adopted.
struct child_started {
  std::uint64_t generation = 0;
  std::int32_t pid = 0;
  bool resumed = false;         ///< started with `--resume`
  bool attached = false;        ///< it was running before the agent joined it
  bool midstream = false;       ///< … perhaps within a line of its output
  std::uint64_t input_from = 0; ///< where its input begins in the log

  CONTAINER_AGENT_INSPECT(child_started, x.generation, x.pid, x.resumed,
                          x.attached, x.midstream, x.input_from)
};

/// Asks for a child, unless one runs. With a `session_id` that session is
/// resumed; without one the user's arguments decide, unless `anew` excludes
/// those that name a session. Its input begins at `input_from` in the log.
/// `after`: the generation of the last child whose end is known; if another one
/// has ended since, the answer is that child's end.
struct launch_child {
  std::string session_id;
  bool anew = false;
  std::uint64_t input_from = 0;
  std::uint64_t after = 0;

  CONTAINER_AGENT_INSPECT(launch_child, x.session_id, x.anew, x.input_from,
                          x.after)
};

/// Ends the child so that it is started again: closes its stdin and, if that is
/// not enough, sends signals; with `at_once`, SIGKILL. `fault`: it is the
/// child's own fault and counts against its restarts.
struct renew_child {
  std::string reason;
  bool at_once = false;
  bool fault = false;

  CONTAINER_AGENT_INSPECT(renew_child, x.reason, x.at_once, x.fault)
};

/// Closes the child's stdin once everything queued for it is written. From now
/// on the child's end is no fault.
struct close_child_input {
  CONTAINER_AGENT_INSPECT(close_child_input)
};

/// Sends a signal to the child's whole process group. From now on the child's
/// end is no fault.
struct signal_child {
  std::int32_t signal = 0;

  CONTAINER_AGENT_INSPECT(signal_child, x.signal)
};

// -- from the ports: "look at what was lent to you" ---------------------------

/// A move of the input has ended with bytes, the end, or an error.
struct input_arrived {
  CONTAINER_AGENT_INSPECT(input_arrived)
};

/// More of the output was moved to the host, or the output has failed.
struct output_moved {
  CONTAINER_AGENT_INSPECT(output_moved)
};

/// Something about the child has changed: bytes on stdout or stderr, the
/// progress of its stdin, or its end.
struct child_changed {
  CONTAINER_AGENT_INSPECT(child_changed)
};

/// A request of a client has arrived.
struct control_requested {
  CONTAINER_AGENT_INSPECT(control_requested)
};

/// A timer that the receiver has set itself; `id` identifies stale ones.
struct deadline_passed {
  std::uint64_t id = 0;

  CONTAINER_AGENT_INSPECT(deadline_passed, x.id)
};

// -- supervision and shutdown -------------------------------------------------

/// A child of the supervisor will be started again after `delay`.
struct restart_scheduled {
  std::string name;
  std::uint32_t attempt = 0; ///< within the window, from 1
  std::chrono::milliseconds delay{0};
  std::string reason;

  CONTAINER_AGENT_INSPECT(restart_scheduled, x.name, x.attempt, x.delay,
                          x.reason)
};

/// A child of the supervisor has failed too often, or is of a kind that is not
/// started again. `waits`: the agent stays up, and tries again on request. Also
/// sent to each new conversation.
struct restarts_exhausted {
  std::string name;
  std::string reason;
  bool waits = false;

  CONTAINER_AGENT_INSPECT(restarts_exhausted, x.name, x.reason, x.waits)
};

/// The supervisor's own timer for a restart.
struct restart_child {
  std::string name;

  CONTAINER_AGENT_INSPECT(restart_child, x.name)
};

/// Start Claude again: between two turns, or `at_once`, even in the middle of a
/// turn, whose prompt is then sent again. If Claude waits for its restart, or
/// was given up, it is started now.
struct restart_claude {
  std::string reason;
  bool at_once = false;

  CONTAINER_AGENT_INSPECT(restart_claude, x.reason, x.at_once)
};

/// End the agent in order. The first one's reason and exit code count; a
/// further one that is `urgent` (a signal) ends the present wait. With
/// `keep_claude` only the agent ends, at once, and Claude and its turn go on
/// for the next agent.
struct begin_shutdown {
  std::string reason;
  std::int32_t exit_code = 0;
  bool urgent = false;
  bool keep_claude = false;

  CONTAINER_AGENT_INSPECT(begin_shutdown, x.reason, x.exit_code, x.urgent,
                          x.keep_claude)
};

/// Read no more input. A half-read line ends there, unless `goes_on`: then the
/// next agent reads it whole.
struct stop_input {
  bool goes_on = false;

  CONTAINER_AGENT_INSPECT(stop_input, x.goes_on)
};

/// Accept no more prompts, fail the waiting ones, finish the turn.
struct begin_drain {
  std::string reason;

  CONTAINER_AGENT_INSPECT(begin_drain, x.reason)
};

/// Interrupt the running turn, for the shutdown.
struct interrupt_turn {
  CONTAINER_AGENT_INSPECT(interrupt_turn)
};

/// Interrupt the running turn, because somebody asked for it. Answered by
/// `interrupt_outcome`.
struct interrupt_claude {
  CONTAINER_AGENT_INSPECT(interrupt_claude)
};

/// The outcome, in a sentence; `done`: the interrupt was sent to Claude.
struct interrupt_outcome {
  bool done = false;
  std::string text;

  CONTAINER_AGENT_INSPECT(interrupt_outcome, x.done, x.text)
};

/// The conversation has no turn in flight any more. Answers `begin_drain`.
struct turn_drained {
  CONTAINER_AGENT_INSPECT(turn_drained)
};

/// The child is gone and its output delivered, or there was none.
struct child_gone {
  CONTAINER_AGENT_INSPECT(child_gone)
};

/// Have everything written, then report `output_flushed`. The conversation
/// passes this on after everything that it has for the host. What is still in
/// flight is failed, unless it `goes_on` under the next agent.
struct flush_output {
  bool goes_on = false;

  CONTAINER_AGENT_INSPECT(flush_output, x.goes_on)
};

struct output_flushed {
  CONTAINER_AGENT_INSPECT(output_flushed)
};

/// The drain is over: stop all actors and leave with this exit code.
struct stop_agent {
  std::int32_t exit_code = 0;

  CONTAINER_AGENT_INSPECT(stop_agent, x.exit_code)
};

std::string to_string(exit_kind x);

} // namespace container_agent
