#pragma once

#include "main/trace/read/trace_line.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace container_agent::trace {

/// Tells the runs of the agent apart whose traces were put one after the other,
/// and brings their times onto one axis, where 0 is the first run's start.
/// What it is given is without fault (`fault_of`), so that nothing overflows.
class run_clock {
public:
  /// Takes a header. Is it one of another run than the one before it?
  bool enter(const trace_line& header) {
    run next{header.pid, header.epoch_us};
    if (current_ < runs_.size() && runs_[current_] == next)
      return false;
    for (current_ = 0; current_ < runs_.size(); ++current_)
      if (runs_[current_] == next)
        return true;
    runs_.push_back(next);
    return true;
  }

  /// From 0 on, in the order in which they came. 0 without a header.
  std::size_t index() const { return current_; }

  std::int64_t at(std::uint64_t ns) const {
    return static_cast<std::int64_t>(ns) + offset();
  }

  /// Nanoseconds since 1970; since the agent's start without a header.
  std::uint64_t since_1970(std::uint64_t ns) const {
    auto epoch = runs_.empty() ? 0 : runs_[current_].epoch_us;
    return static_cast<std::uint64_t>(epoch) * 1000 + ns;
  }

private:
  struct run {
    std::uint64_t pid;
    std::int64_t epoch_us;

    friend bool operator==(const run&, const run&) = default;
  };

  std::int64_t offset() const {
    if (runs_.empty())
      return 0;
    return (runs_[current_].epoch_us - runs_.front().epoch_us) * 1000;
  }

  std::vector<run> runs_;
  std::size_t current_ = 0;
};

} // namespace container_agent::trace
