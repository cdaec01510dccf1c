#pragma once

#include "actors/core/ports.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>

namespace container_agent::runtime {

/// The replies in a log that wait to be written, in order, and the number of
/// those done. Each ends with `reply_end`; the last one may still grow. Knows
/// no descriptor.
class fifo_reply_queue {
public:
  /// A reply begins at `position`. The log must outlive this object.
  fifo_reply_queue(const stream_log& from, std::uint64_t position)
    : from_{from}, position_{position}, next_{position}, known_to_{position} {}

  /// Bytes before `limit` are to be written. If this completes a reply that was
  /// popped before its end, returns how many bytes of it came after that.
  /// Throws as `stream_log::read`.
  std::optional<std::uint64_t> give(std::uint64_t limit);

  /// Whether there is no reply, not even an incomplete one.
  bool empty() const { return dropping_ || position_ == known_to_; }

  /// Bytes of the first reply; call only if there is one.
  std::uint64_t left() const { return end() - next_; }
  std::uint64_t written() const { return next_ - position_; }
  bool ended() const { return !ends_.empty(); }

  /// The next bytes of the first reply, as many as there are and fit. Throws as
  /// `stream_log::read`.
  std::string_view next(std::span<char> buffer) const;

  /// The first `count` of them were written.
  void consume(std::uint64_t count) { next_ += count; }

  /// Undoes `take` for the last `count` bytes.
  void put_back(std::uint64_t count) { next_ -= count; }

  /// Removes the first reply, whole or not. If it is incomplete, its further
  /// bytes are dropped.
  void pop();

  /// Everything before this offset is done.
  std::uint64_t position() const { return position_; }

  /// Bytes of all replies that were given and not written.
  std::uint64_t pending() const;

  /// Number of waiting replies.
  std::size_t size() const;

  /// Number of whole replies given so far.
  std::uint64_t known() const { return known_; }

  std::uint64_t done() const { return done_; }

private:
  std::uint64_t end() const { return ended() ? ends_.front() : known_to_; }
  void begin_at(std::uint64_t offset) { position_ = next_ = offset; }

  const stream_log& from_;
  std::uint64_t position_; // where the first reply begins
  std::uint64_t next_;     // next byte to write
  std::uint64_t known_to_; // searched for ends up to here
  std::deque<std::uint64_t> ends_;
  std::uint64_t known_ = 0;
  std::uint64_t done_ = 0;
  bool dropping_ = false; // the first reply, which is incomplete
};

} // namespace container_agent::runtime
