#pragma once

#include "messages/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace container_agent::runtime {

/// The replies that wait to be written, in order, and the count of those that
/// are done. The last one may still be growing. Knows no descriptor.
class fifo_reply_queue {
public:
  /// More of the reply that is being given; the first bytes begin it. Of a
  /// reply that was popped before its end, the rest is dropped and counted.
  void give(bytes data);

  /// The reply that is being given is whole; with nothing given, an empty one.
  /// Returns what was dropped of a reply that was popped before its end.
  std::uint64_t end();

  /// Whether there is no reply, not even one that is still growing.
  bool empty() const { return replies_.empty(); }

  /// The first reply. Only if there is one.
  std::size_t left() const { return replies_.front().left; }
  std::uint64_t written() const { return replies_.front().written; }
  bool ended() const { return replies_.front().ended; }

  /// The next bytes of the first reply. Only if some are left.
  const bytes& next() const { return replies_.front().pieces.front(); }

  /// The first `count` of them were written.
  void take(std::size_t count);

  /// They were not, after all: `data` are the last bytes that were taken.
  void put_back(bytes data);

  /// The first reply is done, be it whole or not.
  void pop();

  /// Bytes given and not written, of all replies.
  std::size_t pending() const { return pending_; }

  std::size_t size() const { return replies_.size(); }

  std::uint64_t done() const { return done_; }

private:
  struct reply {
    std::deque<bytes> pieces;
    std::size_t left = 0;
    std::uint64_t written = 0;
    bool ended = false;
  };

  reply& current();

  std::deque<reply> replies_;
  std::size_t pending_ = 0;
  std::uint64_t done_ = 0;
  bool dropping_ = false;
  std::uint64_t dropped_ = 0;
};

} // namespace container_agent::runtime
