#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace container_agent::simulation {

/// Virtual time since the start of a run.
using time_span = std::chrono::microseconds;

/// All the chance there is in a run: a stream of numbers that its seed
/// determines on every machine (splitmix64), unlike the standard library's
/// distributions.
class chance {
public:
  explicit chance(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// A stream of its own: what draws from it does not shift what others draw.
  chance branch() { return chance{next()}; }

  /// 0 to `n` - 1; 0 for an `n` of 0.
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }

  /// `low` to `high`, both included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

  /// True once in `n` times on average; never for 0.
  bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }

  /// Any time up to `longest`, short ones as likely as long ones: each order of
  /// magnitude has the same chance.
  time_span up_to(time_span longest) {
    auto limit = static_cast<std::uint64_t>(longest.count());
    while (limit > 10 && one_in(2))
      limit /= 10;
    return time_span{static_cast<std::int64_t>(below(limit + 1))};
  }

  template <class T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(list.size()));
  }

private:
  std::uint64_t state_;
};

} // namespace container_agent::simulation
