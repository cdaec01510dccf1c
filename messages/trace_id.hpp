#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent {

/// The prompt that something belongs to, as the 128 bits of a trace id in W3C
/// Trace Context and OpenTelemetry. All zero: no prompt.
struct trace_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const trace_id&, const trace_id&) = default;

  explicit operator bool() const { return (high | low) != 0; }
};

/// Spreads ids that count, too: the factor is 2^64 divided by the golden ratio
/// (Knuth, The Art of Computer Programming, 6.4).
struct trace_id_hash {
  std::size_t operator()(const trace_id& id) const noexcept {
    return static_cast<std::size_t>(id.high * 0x9e3779b97f4a7c15 + id.low);
  }
};

/// The bits of a UUID of 36 characters, in either case of letters. For any
/// other text, and for the nil UUID, the 128-bit FNV-1a hash. Never all zero.
trace_id trace_id_of(std::string_view uuid);

/// From 32 hex digits; all zero if it is something else.
trace_id trace_id_in(std::string_view digits);

/// From an id as people write it: 32 hex digits, or a prompt's uuid.
trace_id trace_id_named(std::string_view text);

/// 32 small hex digits, as in trace files.
std::array<char, 32> digits_of(const trace_id& id);
std::string to_string(const trace_id& id);

} // namespace container_agent
