#pragma once

#include "main/trace/record/trace_event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// How events are spelled: docs/observability.md describes the lines.
namespace container_agent::runtime {

/// What the first line of a file, a dump or a stream says.
struct trace_header {
  std::string_view version; ///< of the agent
  std::int64_t pid = 0;
  std::int64_t epoch_us = 0; ///< wall time of time 0
  std::size_t ring = 0;
};

/// Appends a line with its LF. `source`: file, ring or stream; `reason` of a
/// dump, else empty.
void append_header(std::string& out, const trace_header& header,
                   std::string_view source, std::string_view reason = {});

/// Appends an event's line. Allocates nothing if `out` has `max_event_line`
/// bytes of room.
void append_event(std::string& out, const trace_event& event);

/// "So many are missing here."
void append_dropped(std::string& out, trace_time at, std::uint64_t count);

/// Longer than any event's line.
inline constexpr std::size_t max_event_line = 1024;

} // namespace container_agent::runtime
