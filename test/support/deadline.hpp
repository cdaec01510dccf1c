#pragma once

#include <algorithm>
#include <chrono>

namespace container_agent::test {

using clock = std::chrono::steady_clock;

/// How long a test waits for an event before it fails. Generous, because it
/// is only ever used up by a failure: tests share the machine with builds.
/// (With a thirtieth of a core, lines of 6 MB were seen to take more than 30
/// s.)
inline constexpr std::chrono::seconds default_patience{120};

/// A point in time until which a test waits.
class deadline {
public:
  explicit deadline(clock::duration patience = default_patience)
    : at_(clock::now() + patience) {}

  [[nodiscard]] bool passed() const { return clock::now() >= at_; }

  /// The timeout that poll(2) takes: whole milliseconds, rounded up, never
  /// negative (that would mean "for ever").
  [[nodiscard]] int poll_timeout() const {
    using namespace std::chrono;
    auto left = ceil<milliseconds>(at_ - clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
  }

private:
  clock::time_point at_;
};

} // namespace container_agent::test
