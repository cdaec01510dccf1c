#include "actors/memory/claude_tasks.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

void claude_tasks::clear() {
  *this = claude_tasks{patience_};
}

void claude_tasks::set_running(std::vector<std::string> ids) {
  running_ = std::move(ids);
  if (running_.empty())
    left_alone_ = false; // new tasks are waited for again
  note_activity();
}

void claude_tasks::note_end(std::string_view status) {
  note_activity();
  if (status != "stopped" && status != "killed")
    ++expected_;
}

void claude_tasks::begin_turn() {
  in_turn_ = true;
  expected_ -= std::min<std::uint64_t>(expected_, 1);
  expected_since_.reset();
}

void claude_tasks::end_turn(bool own) {
  if (!std::exchange(in_turn_, false) && own && expected_ > 0)
    --expected_; // it began while a prompt was in flight
  expected_since_.reset();
}

bool claude_tasks::wants_time(setting now) const {
  auto expects = expected_ > 0 && !in_turn_ && now.idle;
  auto waits = now.awaited && holds_back() && patience_.count() > 0;
  return (expects && !expected_since_) || waits != awaited_since_.has_value();
}

bool claude_tasks::pass(time_point now, setting is) {
  if (expected_ == 0 || in_turn_ || !is.idle)
    expected_since_.reset();
  else if (!expected_since_)
    expected_since_ = now;
  else if (now - *expected_since_ >= follow_up_grace)
    expected_ = 0, expected_since_.reset();
  if (!is.awaited || !holds_back() || patience_.count() == 0)
    awaited_since_.reset();
  else if (!awaited_since_)
    awaited_since_ = now;
  else if (now - *awaited_since_ >= patience_) {
    awaited_since_.reset();
    return left_alone_ = true;
  }
  return false;
}

std::optional<claude_tasks::time_point> claude_tasks::due() const {
  std::optional<time_point> result;
  if (expected_since_)
    result = *expected_since_ + follow_up_grace;
  if (awaited_since_ && (!result || *awaited_since_ + patience_ < *result))
    result = *awaited_since_ + patience_;
  return result;
}

} // namespace container_agent
