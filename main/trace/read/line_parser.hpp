#pragma once

#include "main/trace/read/trace_line.hpp"
#include "messages/codec/json_reader.hpp"

#include <string>
#include <string_view>

namespace container_agent::trace {

/// Reads lines of a trace.
class line_parser {
public:
  line_parser();

  /// Returns what is wrong with the line, or an empty text. Does not quote.
  std::string read(std::string_view line);

  /// What the last line said; good until the next one.
  const trace_line& event() const { return event_; }

private:
  trace_line event_;
  codec::json_reader reader_;
};

} // namespace container_agent::trace
