#pragma once

#include "messages/inspect.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace container_agent {

/// Counts of durations by range. The ranges suit Claude's turns, from an
/// immediate answer to half an hour of work.
struct histogram {
  /// Upper bounds, in seconds, each within its range.
  static constexpr std::array bounds{0.05, 0.1,   0.25,  0.5,   1.0,
                                     2.5,  5.0,   10.0,  30.,   60.0,
                                     120., 300.0, 600.0, 1800.0};

  /// One more than there are bounds: the last counts what is above all of them.
  std::vector<std::uint64_t> counts
    = std::vector<std::uint64_t>(bounds.size() + 1);
  double sum = 0; ///< of all times, in seconds

  void add(std::chrono::duration<double> time) {
    auto range = std::lower_bound(bounds.begin(), bounds.end(), time.count());
    ++counts[static_cast<std::size_t>(range - bounds.begin())];
    sum += time.count();
  }

  CONTAINER_AGENT_INSPECT(histogram, x.counts, x.sum)
};

} // namespace container_agent
