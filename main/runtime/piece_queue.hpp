#pragma once

#include "messages/bytes.hpp"

#include <cstddef>
#include <deque>
#include <utility>

namespace container_agent::runtime {

/// Pieces that wait, in order, and how many bytes that is.
class piece_queue {
public:
  void push(bytes piece) {
    size_ += piece.size();
    pieces_.push_back(std::move(piece));
  }

  std::size_t size() const { return size_; }

  /// Empty after this.
  std::deque<bytes> take() {
    size_ = 0;
    return std::exchange(pieces_, {});
  }

private:
  std::deque<bytes> pieces_;
  std::size_t size_ = 0;
};

} // namespace container_agent::runtime
