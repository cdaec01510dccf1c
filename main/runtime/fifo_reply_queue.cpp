#include "main/runtime/fifo_reply_queue.hpp"

#include <utility>

namespace container_agent::runtime {

void fifo_reply_queue::give(bytes data) {
  if (data.empty())
    return;
  if (dropping_) {
    dropped_ += data.size();
    return;
  }
  pending_ += data.size();
  auto& reply = current();
  reply.left += data.size();
  reply.pieces.push_back(std::move(data));
}

std::uint64_t fifo_reply_queue::end() {
  if (std::exchange(dropping_, false))
    return std::exchange(dropped_, 0);
  current().ended = true;
  return 0;
}

void fifo_reply_queue::take(std::size_t count) {
  auto& reply = replies_.front();
  reply.written += count;
  reply.left -= count;
  pending_ -= count;
  while (count > 0) {
    auto& first = reply.pieces.front();
    if (count < first.size()) {
      first = first.part(count);
      return;
    }
    count -= first.size();
    reply.pieces.pop_front();
  }
}

void fifo_reply_queue::put_back(bytes data) {
  auto& reply = replies_.front();
  reply.written -= data.size();
  reply.left += data.size();
  pending_ += data.size();
  if (!data.empty())
    reply.pieces.push_front(std::move(data));
}

void fifo_reply_queue::pop() {
  auto& reply = replies_.front();
  dropping_ = dropping_ || !reply.ended;
  pending_ -= reply.left;
  replies_.pop_front();
  ++done_;
}

fifo_reply_queue::reply& fifo_reply_queue::current() {
  if (replies_.empty() || replies_.back().ended)
    replies_.emplace_back();
  return replies_.back();
}

} // namespace container_agent::runtime
