#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

namespace container_agent::test {

/// No stretch of it is like another one, nor like one of another seed.
inline std::string random_bytes(std::size_t size, std::uint64_t seed = 1) {
  std::mt19937_64 random{seed};
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    auto number = random();
    std::memcpy(text.data() + at, &number, std::min(sizeof(number), size - at));
  }
  return text;
}

/// The first difference of the two; empty if they are equal. A failing
/// EXPECT_EQ would print them whole.
inline std::string difference(std::string_view got, std::string_view expected) {
  if (got == expected)
    return {};
  auto [in_got, in_expected]
    = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  return "from byte " + std::to_string(in_got - got.begin()) + ": got "
         + std::to_string(got.size()) + " bytes for "
         + std::to_string(expected.size());
}

} // namespace container_agent::test
