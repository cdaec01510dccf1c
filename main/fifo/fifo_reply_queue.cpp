#include "main/fifo/fifo_reply_queue.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent::runtime {

std::optional<std::uint64_t> fifo_reply_queue::give(std::uint64_t limit) {
  std::optional<std::uint64_t> dropped;
  std::array<char, 4096> buffer;
  while (known_to_ < limit) {
    auto most = std::min<std::uint64_t>(buffer.size(), limit - known_to_);
    auto size = from_.read(known_to_, std::span{buffer}.first(most));
    if (size == 0)
      break;
    auto found = std::string_view{buffer.data(), size}.find(reply_end);
    auto whole = found != std::string_view::npos;
    known_to_ += whole ? found + 1 : size;
    if (!whole)
      continue;
    ++known_;
    AGENT_ASSERT(ends_.empty() || ends_.back() < known_to_ - 1);
    if (std::exchange(dropping_, false)) {
      dropped = known_to_ - 1 - next_;
      begin_at(known_to_);
    } else {
      ends_.push_back(known_to_ - 1);
    }
  }
  return dropped;
}

std::string_view fifo_reply_queue::next(std::span<char> buffer) const {
  auto most = std::min<std::uint64_t>(buffer.size(), left());
  return {buffer.data(), from_.read(next_, buffer.first(most))};
}

void fifo_reply_queue::pop() {
  ++done_;
  AGENT_ASSERT(!empty() && next_ <= end());
  if (ended()) {
    begin_at(ends_.front() + 1);
    ends_.pop_front();
  } else {
    dropping_ = true;
    next_ = known_to_;
  }
}

std::uint64_t fifo_reply_queue::pending() const {
  return empty() ? 0 : known_to_ - next_ - ends_.size();
}

std::size_t fifo_reply_queue::size() const {
  auto last_end = ends_.empty() ? position_ : ends_.back() + 1;
  return ends_.size() + (!dropping_ && last_end < known_to_ ? 1 : 0);
}

} // namespace container_agent::runtime
