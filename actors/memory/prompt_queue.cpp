#include "actors/memory/prompt_queue.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace container_agent {

bool prompt_queue::full() const {
  return waiting_.size() >= limits_.prompts || waiting_bytes_ >= limits_.bytes;
}

std::size_t prompt_queue::room() const {
  return full() ? 0 : limits_.prompts - waiting_.size();
}

bool prompt_queue::seen(std::string_view uuid) const {
  return seen_.contains(trace_id_of(uuid));
}

void prompt_queue::push(prompt p) {
  remember(p.trace);
  waiting_bytes_ += p.line.size();
  waiting_.push_back(std::move(p));
  ++entered_;
  check();
}

void prompt_queue::push_in_flight(prompt p) {
  remember(p.trace);
  in_flight_.push_back(std::move(p));
  ++entered_;
  check();
}

const prompt* prompt_queue::start_next() {
  if (waiting_.empty() || in_flight_.size() >= limits_.in_flight)
    return nullptr;
  waiting_bytes_ -= waiting_.front().line.size();
  in_flight_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  ++in_flight_.back().sent;
  check();
  return &in_flight_.back();
}

prompt* prompt_queue::find_in_flight(std::string_view uuid) {
  auto i
    = std::find_if(in_flight_.begin(), in_flight_.end(),
                   [uuid](const prompt& p) { return p.known_as() == uuid; });
  return i == in_flight_.end() ? nullptr : &*i;
}

bool prompt_queue::close(std::string_view uuid) {
  auto count = std::erase_if(
    in_flight_, [uuid](const prompt& p) { return p.uuid == uuid; });
  closed_ += count;
  check();
  return count > 0;
}

std::vector<prompt> prompt_queue::drain_waiting() {
  std::vector<prompt> result{std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(waiting_.end())};
  waiting_.clear();
  waiting_bytes_ = 0;
  drained_ += result.size();
  check();
  return result;
}

std::deque<prompt> prompt_queue::drain_in_flight() {
  auto result = std::exchange(in_flight_, {});
  closed_ += result.size();
  check();
  return result;
}

// Each prompt is in one place only, until its one end.
void prompt_queue::check() const {
  AGENT_ASSERT(entered_
               == waiting_.size() + in_flight_.size() + closed_ + drained_);
  AGENT_ASSERT(!waiting_.empty() || waiting_bytes_ == 0);
}

void prompt_queue::remember(trace_id uuid) {
  if (seen_.size() < remembered_uuids) {
    if (seen_.insert(uuid).second)
      seen_order_.push_back(uuid);
    return;
  }
  if (seen_.contains(uuid))
    return;
  // Reuse the oldest one's node, which is in the processor's cache now.
  auto node = seen_.extract(seen_order_.front());
  failures_.erase(seen_order_.front());
  seen_order_.pop_front();
  node.value() = uuid;
  seen_.insert(std::move(node));
  seen_order_.push_back(uuid);
  AGENT_ASSERT(seen_.size() == seen_order_.size());
}

void prompt_queue::note_failure(trace_id uuid, std::string_view reason) {
  if (seen_.contains(uuid))
    failures_[uuid] = reason;
}

const std::string* prompt_queue::failure(std::string_view uuid) const {
  auto i = failures_.find(trace_id_of(uuid));
  return i == failures_.end() ? nullptr : &i->second;
}

void prompt_queue::recall(const codec::closed_prompt& p) {
  auto id = trace_id_named(p.uuid);
  remember(id);
  if (p.failure.empty())
    return;
  note_failure(id, p.failure);
  failed_before_.insert(p.continued_as.empty() ? id
                                               : trace_id_of(p.continued_as));
}

bool prompt_queue::failed_before(const std::vector<std::string>& uuids) const {
  return !uuids.empty() && !failed_before_.empty()
         && std::all_of(uuids.begin(), uuids.end(), [this](const auto& uuid) {
              return failed_before_.contains(trace_id_of(uuid));
            });
}

void prompt_queue::forget(std::string_view uuid) {
  auto id = trace_id_of(uuid);
  failed_before_.erase(id);
  failures_.erase(id);
  seen_.erase(id);
  std::erase(seen_order_, id);
  AGENT_ASSERT(seen_.size() == seen_order_.size());
}

std::optional<std::uint64_t> prompt_queue::first_input() const {
  std::optional<std::uint64_t> result;
  for (const auto* prompts : {&in_flight_, &waiting_})
    for (const auto& p : *prompts)
      result = std::min(result.value_or(p.input_from), p.input_from);
  return result;
}

std::deque<codec::closed_prompt> prompt_queue::remembered() const {
  std::deque<codec::closed_prompt> result;
  for (const auto& id : seen_order_) {
    auto failure = failures_.find(id);
    result.push_back(
      {to_string(id),
       failure == failures_.end() ? std::string{} : failure->second,
       {}});
  }
  return result;
}

} // namespace container_agent
