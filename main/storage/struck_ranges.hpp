#pragma once

#include <cstdint>
#include <map>

namespace container_agent::storage {

/// The ranges of a log that its outlet leaves out. Ranges that overlap or touch
/// are merged.
class struck_ranges {
public:
  void add(std::uint64_t from, std::uint64_t to);

  /// `at`, or the end of the range that holds it.
  std::uint64_t behind(std::uint64_t at) const;

  /// The beginning of the next range at or after `at`, or no limit.
  std::uint64_t next(std::uint64_t at) const;

  /// Forgets ranges that end at `offset` or before.
  void drop_before(std::uint64_t offset);

  void clear() { ranges_.clear(); }

private:
  std::map<std::uint64_t, std::uint64_t> ranges_; // from, to
};

} // namespace container_agent::storage
