#pragma once

#include "main/trace/trace_event.hpp"

#include <cstdint>
#include <string>

namespace container_agent::trace {

/// An event as a line for a terminal, with its LF. `epoch_us`: of the header.
std::string follow_text(const trace_event& event, std::int64_t epoch_us,
                        bool coloured);

} // namespace container_agent::trace
