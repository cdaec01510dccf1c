#pragma once

#include "main/trace/read/trace_line.hpp"

#include <cstdint>
#include <string>

namespace container_agent::trace {

/// An event as a line for a terminal, with its LF. `epoch_us`: of the header.
std::string follow_text(const trace_line& event, std::int64_t epoch_us,
                        bool coloured);

} // namespace container_agent::trace
