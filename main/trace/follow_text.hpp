#pragma once

#include "main/trace/trace_event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// Which events `trace follow` shows: those that fit in all that is named.
struct follow_filter {
  std::string trace; ///< 32 hex digits; empty: of any prompt, or none
  std::vector<std::string> types;
  std::vector<std::string> actors; ///< sender or receiver

  bool shows(const trace_event& event) const;
};

/// An event as a line for a terminal, with its LF. `epoch_us`: of the header.
std::string follow_text(const trace_event& event, std::int64_t epoch_us,
                        bool coloured);

} // namespace container_agent::trace
