#include "actors/memory/claude_outbox.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

bool is_own_request(std::string_view id) {
  return id.starts_with(codec::own_request_prefix);
}

std::string claude_outbox::make_request_id(std::string_view what) {
  return std::string{codec::own_request_prefix}.append(what) + ':'
         + std::to_string(++own_requests_);
}

void claude_outbox::queue(lines next) {
  queued_bytes_ += next.text.size();
  queue_.push_back(std::move(next));
}

std::optional<claude_outbox::lines> claude_outbox::pop() {
  if (queue_.empty())
    return std::nullopt;
  auto first = std::move(queue_.front());
  queue_.pop_front();
  AGENT_ASSERT(queued_bytes_ >= first.text.size());
  queued_bytes_ -= first.text.size();
  return first;
}

void claude_outbox::hold(control_message control) {
  held_bytes_ += control.message.line.size();
  held_.push_back(std::move(control));
}

void claude_outbox::release(
  const std::function<bool(const control_message&)>& deal) {
  for (auto i = held_.begin(); i != held_.end();) {
    if (!deal(*i)) {
      ++i;
      continue;
    }
    held_bytes_ -= i->message.line.size();
    i = held_.erase(i);
  }
  AGENT_ASSERT(!held_.empty() || held_bytes_ == 0);
}

std::uint64_t claude_outbox::first_input(std::uint64_t otherwise) const {
  auto result = otherwise;
  for (const auto& each : queue_)
    result = std::min(result, each.input_from);
  for (const auto& each : held_)
    result = std::min(result, each.input_from);
  return result;
}

} // namespace container_agent
