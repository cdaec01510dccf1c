#include "messages/trace_id.hpp"

#include <cstddef>

namespace container_agent {

namespace {

__extension__ using wide = unsigned __int128;

constexpr wide join(std::uint64_t high, std::uint64_t low) {
  return wide{high} << 64 | low;
}

constexpr trace_id split(wide bits) {
  return {static_cast<std::uint64_t>(bits >> 64),
          static_cast<std::uint64_t>(bits)};
}

// The basis and the prime for 128 bits are FNV's own:
// http://www.isthe.com/chongo/tech/comp/fnv/
trace_id hash_of(std::string_view text) {
  auto hash = join(0x6c62272e07bb0142, 0x62b821756295c58d);
  for (auto c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= join(0x0000000001000000, 0x000000000000013b);
  }
  auto result = split(hash);
  return result ? result : trace_id{0, 1};
}

/// -1: no hex digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/// All zero: not a UUID.
trace_id bits_of(std::string_view uuid) {
  if (uuid.size() != 36)
    return {};
  wide bits = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (uuid[i] != '-')
        return {};
      continue;
    }
    auto digit = hex_value(uuid[i]);
    if (digit < 0)
      return {};
    bits = bits << 4 | static_cast<unsigned>(digit);
  }
  return split(bits);
}

} // namespace

trace_id trace_id_of(std::string_view uuid) {
  auto bits = bits_of(uuid);
  return bits ? bits : hash_of(uuid);
}

trace_id trace_id_named(std::string_view text) {
  wide bits = 0;
  auto is_id = text.size() == 32;
  for (std::size_t i = 0; is_id && i < text.size(); ++i) {
    auto digit = hex_value(text[i]);
    is_id = digit >= 0;
    bits = bits << 4 | static_cast<unsigned>(digit);
  }
  return is_id && bits != 0 ? split(bits) : trace_id_of(text);
}

std::string to_string(const trace_id& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result(32, '0');
  for (int i = 0; i < 16; ++i) {
    auto shift = 60 - 4 * i;
    result[i] = digits[id.high >> shift & 15];
    result[16 + i] = digits[id.low >> shift & 15];
  }
  return result;
}

} // namespace container_agent
