#pragma once

#include "messages/bytes.hpp"
#include "messages/exit_kind.hpp"
#include "messages/inspect.hpp"
#include "messages/status.hpp"
#include "messages/trace_id.hpp"

#include <chrono>
#include <cstdint>
#include <string>

/// What the actors say to each other. Commands are imperative, events past
/// tense, queries begin with `get_`. Everything is plain data; `bytes` and
/// texts of prompts print as their size only.
namespace container_agent {

// -- bytes from the host ------------------------------------------------------

/// How a piece of input ended.
enum class line_ending : std::uint8_t {
  complete, ///< with LF or CRLF, which `text` does not hold
  cut,      ///< the last writer closed the FIFO in the middle of the line
  too_long, ///< over the limit; `text` is its first bytes, `size` its length
  raw,      ///< not a line: bytes as they came (raw mode)
};

/// A line (or, in raw mode, a piece) of the host's input.
/// `sequence` counts deliveries from 1, without gaps, across restarts of the
/// sender: the receiver ignores what it has taken already.
struct host_line {
  std::uint64_t sequence = 0;
  std::uint64_t number = 0; ///< running number of the line, from 1
  bytes text;
  line_ending ending = line_ending::complete;
  std::uint64_t size = 0; ///< bytes of the line, line ending not counted

  /// Where it ends in the input, if that is noted for a later agent; else 0.
  std::uint64_t end = 0;

  CONTAINER_AGENT_INSPECT(host_line, x.sequence, x.number, x.text, x.ending,
                          x.size, x.end)
};

/// No more input will come and everything before was delivered: the host's last
/// writer has gone (with `--exit-on-eof`), or reading was stopped. `sequence`
/// as in `host_line`.
struct host_input_ended {
  std::uint64_t sequence = 0;

  CONTAINER_AGENT_INSPECT(host_input_ended, x.sequence)
};

// -- bytes to and from the child ----------------------------------------------

/// A whole line (with its LF) or, in raw mode, bytes, for the child's stdin.
struct child_input {
  std::uint64_t sequence = 0;
  bytes data;
  trace_id prompt{}; ///< whose it is, for traces; zero: nobody's

  CONTAINER_AGENT_INSPECT(child_input, x.sequence, x.data)
};

/// Output of the child: whole lines, or a piece of a line that is too long to
/// be held. `ends_line` tells whether the last byte is a LF.
struct child_output {
  std::uint64_t sequence = 0;
  bytes data;
  bool ends_line = true;

  CONTAINER_AGENT_INSPECT(child_output, x.sequence, x.data, x.ends_line)
};

/// The child has ended and all its output was delivered before this.
struct child_ended {
  std::uint64_t sequence = 0;
  std::int32_t pid = 0;
  std::int32_t exit_code = 0; ///< valid if `signal` is 0 and `kind` is `known`
  std::int32_t signal = 0;
  bool asked = false;          ///< it was told to end, for good
  std::uint64_t cut_bytes = 0; ///< of an unfinished last line, not delivered
  std::string renewal;         ///< why it was ended to be started again, if so
  exit_kind kind = exit_kind::known;
  bool awaits_next = false; ///< ask for the next one, which will be waited for

  CONTAINER_AGENT_INSPECT(child_ended, x.sequence, x.pid, x.exit_code, x.signal,
                          x.asked, x.cut_bytes, x.renewal, x.kind,
                          x.awaits_next)
};

/// Somebody wanted that end.
inline bool is_wanted(const child_ended& end) {
  return end.asked || !end.renewal.empty();
}

/// A child runs. Not sequenced: sent to each new conversation as well.
/// `generation` counts launches, from 1; it tells a new child from an old one
/// that was adopted.
struct child_started {
  std::uint64_t generation = 0;
  std::int32_t pid = 0;
  bool resumed = false;  ///< started with `--resume`
  bool attached = false; ///< it ran before, and the agent has joined it

  CONTAINER_AGENT_INSPECT(child_started, x.generation, x.pid, x.resumed,
                          x.attached)
};

/// Asks for a child, unless one runs. With a `session_id` that session is
/// resumed; without one the arguments that the user gave decide, unless `anew`
/// rules out what they say of sessions. Input for it will begin at sequence
/// `first_input`.
struct launch_child {
  std::string session_id;
  bool anew = false;
  std::uint64_t first_input = 1;

  CONTAINER_AGENT_INSPECT(launch_child, x.session_id, x.anew, x.first_input)
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

// -- bytes to the host --------------------------------------------------------

/// Bytes for the host: whole lines, or a piece of a long line. `left_out`: not
/// for the host; their original may be thrown away (see `bytes::origin`).
/// `ends_reply` closes a reply where the output is opened once a reply
/// (`--compat cc-bridge`).
struct host_output {
  std::uint64_t sequence = 0;
  bytes data;
  bool ends_reply = false;
  trace_id prompt{}; ///< as in `child_input`
  bool left_out = false;

  CONTAINER_AGENT_INSPECT(host_output, x.sequence, x.data, x.ends_reply)
};

// -- credit -------------------------------------------------------------------

/// Credit, against the flow: "everything up to `taken` is mine, forget it; you
/// may send up to `limit`". Cumulative, so a repeated or late one is harmless.
#define CONTAINER_AGENT_WINDOW(name)                                           \
  struct name {                                                                \
    std::uint64_t taken = 0;                                                   \
    std::uint64_t limit = 0;                                                   \
                                                                               \
    CONTAINER_AGENT_INSPECT(name, x.taken, x.limit)                            \
  }

CONTAINER_AGENT_WINDOW(host_line_window);   ///< conversation → pipe_input
CONTAINER_AGENT_WINDOW(child_input_window); ///< claude_process → conversation
CONTAINER_AGENT_WINDOW(child_output_window); ///< conversation → claude_process
CONTAINER_AGENT_WINDOW(host_output_window);  ///< pipe_output → conversation

// -- from the ports: "look at what was lent to you" ---------------------------

/// The input has bytes, has ended or has failed.
struct input_arrived {
  CONTAINER_AGENT_INSPECT(input_arrived)
};

/// The output has written all it was given, or has failed.
struct output_drained {
  CONTAINER_AGENT_INSPECT(output_drained)
};

/// Something about the child has changed: bytes of stdout or stderr, stdin
/// drained, or its end.
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

std::string to_string(line_ending x);
std::string to_string(exit_kind x);

} // namespace container_agent
