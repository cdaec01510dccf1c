#pragma once

#include "messages/trace_id.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace container_agent::runtime {

/// Nanoseconds since the tracer was made; below 0: not yet.
using trace_time = std::int64_t;

enum class trace_kind : std::uint8_t { message, spawn, end, timer, bytes };

enum class trace_outcome : std::uint8_t {
  queued,      ///< in the mailbox
  running,     ///< in the handler
  handled,     ///< the handler is done
  skipped,     ///< put back by the receiver
  failed,      ///< the handler threw
  undelivered, ///< the receiver ended first
};

/// The boundary to the outside.
enum class trace_port : std::uint8_t {
  host_input,
  host_output,
  claude_stdin,
  claude_stdout,
  claude_stderr,
  control,
};

/// What a message holds, without what people have written: numbers, sizes and
/// names, in the order of its members.
struct message_summary {
  static constexpr std::size_t max_values = 5;
  static constexpr std::size_t max_text = 38;

  const char* member_names; ///< null: nothing is known of this type
  std::array<std::int64_t, max_values> values;
  std::uint8_t size;        ///< values that are set
  std::uint8_t sizes;       ///< a bit for each that is a number of bytes
  std::uint8_t text_member; ///< which of the values stands for the text below
  std::uint8_t text_size;
  std::array<char, max_text> text;
};

/// One event. Plain, so that a ring of them can be had without touching its
/// memory: pages that no event has come to are not resident. Names live as long
/// as the program (actors have theirs from literals).
struct trace_event {
  std::uint64_t number;
  std::uint64_t cause; ///< another's number; 0: from outside
  trace_id prompt;
  trace_time sent; ///< for others than messages: when it happened
  trace_time taken;
  trace_time done;  ///< of a timer: when it is due
  const char* from; ///< name of an actor; null: unknown, or nobody
  const char* to;   ///< of other events whom it concerns
  std::uint32_t from_id;
  std::uint32_t to_id;
  std::uint32_t depth; ///< of the mailbox; of a spawn: the incarnation
  trace_kind kind;
  trace_outcome outcome;
  trace_port port;
  bool outward;       ///< bytes: written
  const char* type;   ///< of the message
  std::uint64_t size; ///< of bytes
  message_summary summary;
};

std::string_view to_string(trace_outcome x);
std::string_view to_string(trace_port x);

} // namespace container_agent::runtime
