#pragma once

#include <cstdint>

namespace container_agent::runtime {

/// What goes through a pipe.
enum class content : std::uint8_t {
  lines, ///< of Claude Code's protocol
  raw,   ///< any bytes, which nobody looks at (`--mode raw`)
};

/// Bytes that the pipes to host and child shall hold; 0 leaves Linux's 64 KiB.
/// Raw mode is for throughput: larger pipes make fewer switches between the
/// processes. All alike, as the smallest decides how much goes at a time
/// (docs/performance.md). Elsewhere 64 KiB will do: all pipes of a user count
/// against one limit (16,384 pages), and many agents may share a user.
constexpr int pipe_capacity(content kind) {
  return kind == content::raw ? 256 * 1024 : 0;
}

} // namespace container_agent::runtime
