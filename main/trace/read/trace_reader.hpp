#pragma once

#include "main/trace/read/trace_line.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// A trace to read, and what to call it in texts.
struct trace_input {
  std::string name;
  std::istream* stream = nullptr;
};

/// What has been read.
struct reading {
  std::uint64_t lines = 0;
  std::uint64_t headers = 0;
  std::uint64_t events = 0;  ///< good lines of a known kind, but headers
  std::uint64_t dropped = 0; ///< events that the trace says are missing
  std::uint64_t unknown = 0; ///< lines of other kinds
  std::uint64_t bad = 0;     ///< lines left out for a fault
  std::uint64_t torn = 0;    ///< last lines without a line feed
  bool failed = false;       ///< an input could not be read to its end
};

/// A longer line is a fault: nothing that the agent writes.
constexpr std::size_t max_trace_line = 1024 * 1024;

/// Takes an event, and the line it came from, without its line feed.
using event_taker = std::function<void(const trace_line&, std::string_view)>;

/// Hands all good lines of known kinds on, in order, those of one input after
/// those of the other. Holds one line at a time. Faults are told on `err`, the
/// first few by line. After a header that is not understood (of another version
/// of the format, say) lines are left out up to the next header.
reading read_trace(const std::vector<trace_input>& inputs,
                   const event_taker& take, std::ostream& err);

/// Tells on `err` what was left out and why. Exit code: 1 if something is
/// wrong with the trace, or if nothing is in it.
int close_reading(const reading& read, std::ostream& err);

/// Flushes `out`. False, and told on `err`, if it has not taken everything.
bool finish_output(std::ostream& out, std::ostream& err);

} // namespace container_agent::trace
