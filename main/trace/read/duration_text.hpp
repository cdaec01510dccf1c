#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent::trace {

/// Nanoseconds in three or four digits and the fitting unit: "812 ns",
/// "12.3 µs", "1.20 ms", "3.40 s".
std::string duration_text(std::uint64_t ns);

/// Nanoseconds since 1970 as RFC 3339 writes them, UTC, in microseconds.
std::string wall_time_text(std::uint64_t ns);

/// How many characters a valid UTF-8 text has.
std::size_t width_of(std::string_view text);

/// With blanks before it, up to a width in characters.
std::string right(std::string text, std::size_t width);

/// With blanks after it.
std::string left(std::string text, std::size_t width);

} // namespace container_agent::trace
