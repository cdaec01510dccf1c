#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What every fuzzer needs: the input taken apart, and a check that stays on.
namespace container_agent::test {

/// Ends the run with a finding. libFuzzer then saves the input.
inline void require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Hands out the fuzzer's bytes: some steer the run, the rest is the input.
class fuzz_input {
public:
  fuzz_input(const std::uint8_t* data, std::size_t size)
    : rest_{reinterpret_cast<const char*>(data), size} {}

  /// The next byte, 0 if there is none.
  std::uint8_t byte() {
    if (rest_.empty())
      return 0;
    auto result = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return result;
  }

  /// All that was not handed out.
  std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
};

/// Calls `feed` with `text` cut into pieces whose sizes `seed` decides: of one
/// byte, of a few, or the whole.
template <class Feed>
void in_pieces(std::string_view text, std::uint8_t seed, Feed feed) {
  std::uint32_t state = seed;
  while (!text.empty()) {
    state = state * 1664525U + 1013904223U; // Knuth's and Lewis's generator
    auto size = seed == 0 ? text.size() : 1 + (state >> 16) % (1 + seed % 64);
    auto piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    feed(piece);
  }
}

} // namespace container_agent::test
