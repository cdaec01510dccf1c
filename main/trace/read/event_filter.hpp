#pragma once

#include "main/trace/read/trace_line.hpp"

#include <string>
#include <vector>

namespace container_agent::trace {

/// Which events somebody wants to see: those that fit in all that is named, as
/// `trace follow` has it.
struct event_filter {
  std::string trace{};               ///< of a prompt, its id; empty: any, none
  std::vector<std::string> types{};  ///< of messages; empty: all events
  std::vector<std::string> actors{}; ///< sender or receiver; empty: all events

  /// Headers and what tells of missing events pass always.
  bool passes(const trace_line& event) const;
};

} // namespace container_agent::trace
