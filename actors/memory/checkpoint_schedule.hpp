#pragma once

#include "messages/agent_assert.hpp"

#include <cstdint>

namespace container_agent {

/// When the next checkpoint in the log of events is due, and from where on the
/// logs are needed by an agent that begins with the last one. Pure.
class checkpoint_schedule {
public:
  /// One after so many bytes of events. There is none yet: the logs are needed
  /// from their beginnings on.
  checkpoint_schedule(std::uint64_t distance, std::uint64_t events_begin,
                      std::uint64_t to_child_begin)
    : distance_{distance},
      events_from_{events_begin},
      to_child_from_{to_child_begin},
      due_{events_begin + distance} {}

  /// All events up to there were read.
  bool is_due(std::uint64_t read_to) const { return read_to >= due_; }

  /// One is to be written where the logs end now.
  void begin(std::uint64_t events_end, std::uint64_t to_child_end) {
    AGENT_ASSERT(events_end >= events_from_ && to_child_end >= to_child_from_);
    events_from_ = events_end;
    to_child_from_ = to_child_end;
  }

  /// It is written; the log of events ends there now.
  void finish(std::uint64_t events_end) {
    AGENT_ASSERT(events_end >= events_from_);
    due_ = events_end + distance_;
  }

  std::uint64_t events_from() const { return events_from_; }
  std::uint64_t to_child_from() const { return to_child_from_; }

private:
  std::uint64_t distance_;
  std::uint64_t events_from_;
  std::uint64_t to_child_from_;
  std::uint64_t due_;
};

} // namespace container_agent
