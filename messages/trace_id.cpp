#include "messages/trace_id.hpp"

#include <charconv>
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

} // namespace

trace_id trace_id_in(std::string_view digits) {
  trace_id id;
  if (digits.size() != 32)
    return id;
  const auto* middle = digits.data() + 16;
  const auto* end = middle + 16;
  auto whole = std::from_chars(digits.data(), middle, id.high, 16).ptr == middle
               && std::from_chars(middle, end, id.low, 16).ptr == end;
  return whole ? id : trace_id{};
}

trace_id trace_id_of(std::string_view uuid) {
  trace_id bits;
  if (uuid.size() == 36 && uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-'
      && uuid[23] == '-') {
    std::string digits{uuid};
    std::erase(digits, '-');
    bits = trace_id_in(digits);
  }
  return bits ? bits : hash_of(uuid);
}

trace_id trace_id_named(std::string_view text) {
  auto id = trace_id_in(text);
  return id ? id : trace_id_of(text);
}

std::array<char, 32> digits_of(const trace_id& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 32> result{};
  for (int i = 0; i < 16; ++i) {
    auto shift = 60 - 4 * i;
    result[i] = digits[id.high >> shift & 15];
    result[16 + i] = digits[id.low >> shift & 15];
  }
  return result;
}

std::string to_string(const trace_id& id) {
  auto digits = digits_of(id);
  return {digits.data(), digits.size()};
}

} // namespace container_agent
