#pragma once

#include "messages/status.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

namespace container_agent {

/// What a conversation has come to: its counters, what Claude has cost, and how
/// many status documents the host has asked for. Pure.
class conversation_tally {
public:
  /// The counters of it count; the rest is as at the beginning.
  conversation_status counts;

  /// Status documents that the host has asked for and not got.
  std::size_t status_requests = 0;

  /// Another Claude: its dollars begin at 0 again.
  void begin_child() { child_dollars_ = 0; }

  /// Tokens are those of the turn, dollars those of the child so far.
  void add(const claude_bill& bill) {
    auto& all = counts.bill;
    if (std::isfinite(bill.dollars) && bill.dollars > child_dollars_)
      all.dollars += bill.dollars - std::exchange(child_dollars_, bill.dollars);
    all.input_tokens += bill.input_tokens;
    all.output_tokens += bill.output_tokens;
    all.cache_read_tokens += bill.cache_read_tokens;
    all.cache_creation_tokens += bill.cache_creation_tokens;
  }

private:
  double child_dollars_ = 0; // that it has told of
};

} // namespace container_agent
