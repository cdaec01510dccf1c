#pragma once

#include "main/trace/record/trace_event.hpp"

#include <caf/fwd.hpp>

#include <cstdint>

namespace container_agent::runtime {

struct message_type;

/// What the tracer puts down in the midst of the work: what can't be had any
/// more later. Events are made of notes when there is time. Only those members
/// are set that the kind has.
struct trace_note {
  enum class what : std::uint8_t {
    sent,
    taken, ///< by its handler
    handled,
    skipped,
    failed,
    concerns, ///< the message in its handler is about `prompt`
    ended,    ///< an actor
    timer,
    bytes,
  };

  what kind;
  bool alive;            ///< of a message: its receiver has not ended
  bool outward;          ///< of bytes
  trace_outcome outcome; ///< of an end
  trace_port port;
  trace_time at; ///< a moment of the `trace_clock`, and its time later

  /// A message's name among notes, no more: it may be gone.
  const caf::mailbox_element* message;

  const message_type* type;
  const char* from; ///< as in `trace_event`
  const char* to;
  std::uint32_t from_id;
  std::uint32_t to_id;
  std::int64_t amount; ///< bytes, or nanoseconds until a timer is due
  trace_id prompt;
  message_summary summary;
};

} // namespace container_agent::runtime
