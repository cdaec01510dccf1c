#pragma once

#include "messages/exit_kind.hpp"
#include "messages/inspect.hpp"
#include "messages/status.hpp"
#include "messages/trace_id.hpp"

#include <chrono>
#include <cstdint>
#include <string>

/// What the actors say to each other. Commands are imperative, events past
/// tense, queries begin with `get_`. Everything is plain data; what hosts and
/// Claude say to each other is in the logs, never in a message.
namespace container_agent {

// -- the logs: what was appended, and what was taken out of them
// ---------------

// Offsets in a log count its bytes from its first one. All of these messages
// are cumulative: a late, lost or repeated one does no harm, and who was
// restarted looks at the logs from its own position.

/// The host's input is in its log up to `end`. At `cut_at` (0: nowhere) the
/// last writer has left, in the middle of a line, perhaps; it is the end of
/// that line then. `ended`: no more will come.
struct input_grew {
  std::uint64_t end = 0;
  std::uint64_t cut_at = 0;
  bool ended = false;

  CONTAINER_AGENT_INSPECT(input_grew, x.end, x.cut_at, x.ended)
};

/// The input is dealt with up to `taken`; no more than up to `limit` is wanted
/// now. `half`: what comes next goes on with a message that has begun.
struct input_window {
  std::uint64_t taken = 0;
  std::uint64_t limit = 0;
  bool half = false;

  CONTAINER_AGENT_INSPECT(input_window, x.taken, x.limit, x.half)
};

/// The child's stdin shall get what is in the log up to `end`.
struct child_input_grew {
  std::uint64_t end = 0;
  trace_id prompt{}; ///< whose it is, for traces; zero: nobody's

  CONTAINER_AGENT_INSPECT(child_input_grew, x.end)
};

/// It has got all up to `taken`.
struct child_input_window {
  std::uint64_t taken = 0;

  CONTAINER_AGENT_INSPECT(child_input_window, x.taken)
};

/// What the child has said is in the log up to `end`.
struct child_output_grew {
  std::uint64_t end = 0;

  CONTAINER_AGENT_INSPECT(child_output_grew, x.end)
};

/// No more than up to `limit` is wanted of the child now.
struct child_output_window {
  std::uint64_t limit = 0;

  CONTAINER_AGENT_INSPECT(child_output_window, x.limit)
};

/// The host shall get what is in the log up to `end`.
struct host_output_grew {
  std::uint64_t end = 0;
  trace_id prompt{}; ///< as in `child_input_grew`

  CONTAINER_AGENT_INSPECT(host_output_grew, x.end)
};

/// It has got all up to `taken`.
struct host_output_window {
  std::uint64_t taken = 0;

  CONTAINER_AGENT_INSPECT(host_output_window, x.taken)
};

// -- the child
// -----------------------------------------------------------------

/// The child has ended, perhaps within a line, and all that it has said is in
/// the log up to `end`.
/// Told again to each new conversation: `generation` tells which child it was.
struct child_ended {
  std::uint64_t generation = 0;
  std::uint64_t end = 0;
  std::int32_t pid = 0;
  std::int32_t exit_code = 0; ///< valid if `signal` is 0 and `kind` is `known`
  std::int32_t signal = 0;
  bool asked = false;  ///< it was told to end, for good
  std::string renewal; ///< why it was ended to be started again, if so
  exit_kind kind = exit_kind::known;
  bool awaits_next = false; ///< ask for the next one, which will be waited for
  std::uint64_t taken = 0;  ///< its stdin has got all up to there

  CONTAINER_AGENT_INSPECT(child_ended, x.generation, x.end, x.pid, x.exit_code,
                          x.signal, x.asked, x.renewal, x.kind, x.awaits_next,
                          x.taken)
};

/// Somebody wanted that end.
inline bool is_wanted(const child_ended& end) {
  return end.asked || !end.renewal.empty();
}

/// A child runs. Told again to each new conversation.
/// `generation` counts launches, from 1; it tells a new child from an old one
/// that was adopted.
struct child_started {
  std::uint64_t generation = 0;
  std::int32_t pid = 0;
  bool resumed = false;         ///< started with `--resume`
  bool attached = false;        ///< it ran before, and the agent has joined it
  bool midstream = false;       ///< … and may be within a line of its output
  std::uint64_t input_from = 0; ///< where its input begins in the log

  CONTAINER_AGENT_INSPECT(child_started, x.generation, x.pid, x.resumed,
                          x.attached, x.midstream, x.input_from)
};

/// Asks for a child, unless one runs. With a `session_id` that session is
/// resumed; without one the arguments that the user gave decide, unless `anew`
/// rules out what they say of sessions. Its input begins at `input_from` in the
/// log. `after`: the generation of the last child whose end was heard of;
/// should another one have ended since, that is told instead.
struct launch_child {
  std::string session_id;
  bool anew = false;
  std::uint64_t input_from = 0;
  std::uint64_t after = 0;

  CONTAINER_AGENT_INSPECT(launch_child, x.session_id, x.anew, x.input_from,
                          x.after)
};

/// Ends the child so that it is started again: by closing its stdin and, should
/// that not do, by signals; or, `at_once`, by SIGKILL. `fault`: it is the
/// child's own fault, and counts against its restarts.
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

/// A move of the input has come to something: bytes, its end, an error.
struct input_arrived {
  CONTAINER_AGENT_INSPECT(input_arrived)
};

/// More of the output has gone to the host, or it has failed.
struct output_moved {
  CONTAINER_AGENT_INSPECT(output_moved)
};

/// Something about the child has changed: bytes of stdout or stderr, what its
/// stdin has got, or its end.
struct child_changed {
  CONTAINER_AGENT_INSPECT(child_changed)
};

/// A client of the control socket has asked for something.
struct control_requested {
  CONTAINER_AGENT_INSPECT(control_requested)
};

/// Time is up for something that the receiver set itself; `id` tells stale
/// ones apart.
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
/// started again. `waits`: the agent stays up, and it is tried again on
/// request. Sent to each new conversation, too.
struct restarts_exhausted {
  std::string name;
  std::string reason;
  bool waits = false;

  CONTAINER_AGENT_INSPECT(restarts_exhausted, x.name, x.reason, x.waits)
};

/// The supervisor's reminder to itself.
struct restart_child {
  std::string name;

  CONTAINER_AGENT_INSPECT(restart_child, x.name)
};

/// Claude shall be started again: between two turns, or `at_once`, even in the
/// middle of one, whose prompt is then sent again. If it waits for its restart,
/// or was given up, it is started now.
struct restart_claude {
  std::string reason;
  bool at_once = false;

  CONTAINER_AGENT_INSPECT(restart_claude, x.reason, x.at_once)
};

/// The agent shall end in order. The first one's reason and exit code count; a
/// further one that is `urgent` (a signal) cuts short what is waited for. With
/// `keep_claude` only the agent ends, and at once: Claude and its turn go on,
/// for the next agent.
struct begin_shutdown {
  std::string reason;
  std::int32_t exit_code = 0;
  bool urgent = false;
  bool keep_claude = false;

  CONTAINER_AGENT_INSPECT(begin_shutdown, x.reason, x.exit_code, x.urgent,
                          x.keep_claude)
};

/// Read no more input. Half a line that was read ends there, unless the next
/// agent finds it and reads it whole.
struct stop_input {
  bool goes_on = false;

  CONTAINER_AGENT_INSPECT(stop_input, x.goes_on)
};

/// Take no more prompts, fail those that wait, finish the turn.
struct begin_drain {
  std::string reason;

  CONTAINER_AGENT_INSPECT(begin_drain, x.reason)
};

/// Interrupt the turn that runs.
struct interrupt_turn {
  CONTAINER_AGENT_INSPECT(interrupt_turn)
};

/// Somebody wants the turn that runs to be interrupted. Answered by
/// `interrupt_outcome`.
struct interrupt_claude {
  CONTAINER_AGENT_INSPECT(interrupt_claude)
};

/// What came of it, in a sentence; `done`: Claude was told.
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

/// Have everything written, and `output_flushed` said: the conversation passes
/// this on behind all that it still had for the host. What is in flight then
/// has no end to wait for, and is failed, unless it `goes_on` under the next
/// agent.
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
