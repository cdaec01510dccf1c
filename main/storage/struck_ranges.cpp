#include "main/storage/struck_ranges.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace container_agent::storage {

void struck_ranges::add(std::uint64_t from, std::uint64_t to) {
  if (from >= to)
    return;
  auto next = ranges_.upper_bound(from);
  if (next != ranges_.begin()) {
    if (auto before = std::prev(next); before->second >= from) {
      from = before->first;
      to = std::max(to, before->second);
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && next->first <= to) {
    to = std::max(to, next->second);
    next = ranges_.erase(next);
  }
  AGENT_ASSERT(from < to && (next == ranges_.end() || to < next->first));
  ranges_.emplace_hint(next, from, to);
}

std::uint64_t struck_ranges::behind(std::uint64_t at) const {
  auto next = ranges_.upper_bound(at);
  return next == ranges_.begin() ? at : std::max(at, std::prev(next)->second);
}

std::uint64_t struck_ranges::next(std::uint64_t at) const {
  auto found = ranges_.lower_bound(at);
  return found == ranges_.end() ? std::numeric_limits<std::uint64_t>::max()
                                : found->first;
}

void struck_ranges::drop_before(std::uint64_t offset) {
  while (!ranges_.empty() && ranges_.begin()->second <= offset)
    ranges_.erase(ranges_.begin());
}

} // namespace container_agent::storage
