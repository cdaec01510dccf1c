#pragma once

#include <chrono>
#include <string>

namespace container_agent {

/// UTC with milliseconds: 2026-11-23T12:34:56.789Z. `separator` stands between
/// date and time. For the years 0 to 9999.
std::string utc_text(std::chrono::system_clock::time_point time,
                     char separator = 'T');

} // namespace container_agent
