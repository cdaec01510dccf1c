#pragma once

#include <cstdint>

namespace container_agent::runtime {

/// The kind of data in a pipe.
enum class stream_kind : std::uint8_t {
  lines, ///< of Claude Code's protocol
  raw,   ///< any bytes, unparsed (`--mode raw`)
};

/// Capacity to set for the pipes to host and child; 0 keeps Linux's 64 KiB. Raw
/// mode is for throughput, and larger pipes mean fewer process switches. All
/// pipes get the same size, because the smallest one limits each transfer
/// (docs/performance.md). Other modes keep 64 KiB: all pipes of a user count
/// against one limit (16,384 pages), and many agents may share a user.
constexpr int pipe_capacity(stream_kind kind) {
  return kind == stream_kind::raw ? 256 * 1024 : 0;
}

} // namespace container_agent::runtime
