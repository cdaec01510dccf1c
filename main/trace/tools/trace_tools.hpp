#pragma once

#include "main/trace/read/event_filter.hpp"
#include "main/trace/read/trace_reader.hpp"

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// What a trace is converted to.
struct conversion {
  std::string to;     ///< "chrome", "otlp" or "mermaid"
  std::string prompt; ///< mermaid: whose life; its uuid or its trace id
  bool all = false;   ///< otlp: what belongs to no prompt, too
};

// Each reads the inputs to their end, one after the other, writes to `out`, and
// tells on `err` what it left out and why. Exit code: 0; 1 if anything is wrong
// with the trace or the output, or there is nothing to show.

/// Into a format that other people's tools open.
int convert(const conversion& what, const std::vector<trace_input>& inputs,
            std::ostream& out, std::ostream& err);

/// A table by message type and by actor: how many, how long they waited and
/// were handled, of the events that pass. None that does is an error.
int summary(const event_filter& wanted, const std::vector<trace_input>& inputs,
            std::ostream& out, std::ostream& err);

/// A prompt's life as a tree by cause. `prompt`: its uuid, or its trace id.
int show(std::string_view prompt, const std::vector<trace_input>& inputs,
         std::ostream& out, std::ostream& err);

/// What stands in the live view's page where the lines of a file go.
inline constexpr std::string_view view_marker
  = R"(<script type="application/x-ndjson" id="trace-file"></script>)";

/// What a page holds at most: more than these no browser shows with ease.
struct view_limits {
  std::size_t events = 100'000;
  std::size_t bytes = 64UL * 1024 * 1024; ///< of all lines
};

/// The live view's page with the last of the traces' good lines in it, so that
/// it shows them by itself, and says how many older ones it does without.
/// `page` without the marker is an error of the program.
int view(std::string_view page, const view_limits& limits,
         const std::vector<trace_input>& inputs, std::ostream& out,
         std::ostream& err);

} // namespace container_agent::trace
