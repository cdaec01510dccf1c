#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace container_agent::trace {

/// Counts durations so that their quantiles can be told, in 8 KiB whatever
/// comes: exact below 32, above at most 1/32 (3.1 %) too high. The largest is
/// exact.
class quantiles {
public:
  void add(std::uint64_t value) {
    ++buckets_[bucket_of(value)];
    ++count_;
    max_ = value > max_ ? value : max_;
  }

  std::uint64_t count() const { return count_; }

  std::uint64_t max() const { return max_; }

  /// The value that `percent` percent of them do not exceed; 0 if there is
  /// none.
  std::uint64_t percentile(unsigned percent) const {
    auto rank = (count_ * percent + 99) / 100;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= rank && seen > 0)
        return top_of(i) < max_ ? top_of(i) : max_;
    }
    return max_;
  }

private:
  // Each power of two in 32 parts.
  static constexpr unsigned part_bits = 5;
  static constexpr std::uint64_t parts = 1 << part_bits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < parts)
      return value;
    auto shift = static_cast<unsigned>(std::bit_width(value)) - part_bits - 1;
    return (shift + 1) * parts + (value >> shift) - parts;
  }

  /// The largest value in it.
  static constexpr std::uint64_t top_of(std::size_t bucket) {
    if (bucket < parts)
      return bucket;
    auto shift = bucket / parts - 1;
    auto part = bucket % parts + parts;
    return (part << shift) + ((std::uint64_t{1} << shift) - 1);
  }

  static constexpr std::size_t size = (64 - part_bits + 1) * parts;

  std::array<std::uint32_t, size> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace container_agent::trace
