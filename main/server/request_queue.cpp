#include "main/server/request_queue.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::runtime {

std::uint64_t request_queue::submit(std::string line, std::int32_t pid,
                                    reply on_answer) {
  auto id = ++last_id_;
  waiting_[id] = {{id, std::move(line), 0, pid}, std::move(on_answer)};
  announce();
  return id;
}

void request_queue::announce() {
  if (std::exchange(*announced_, true))
    return;
  loop_.post([this, alive = std::weak_ptr<bool>{announced_}] {
    if (alive.expired())
      return;
    *announced_ = false;
    if (notify_)
      notify_();
  });
}

std::optional<control_port::request> request_queue::next() {
  auto i = std::find_if(waiting_.begin(), waiting_.end(),
                        [](const auto& x) { return !x.second.taken; });
  if (i == waiting_.end())
    return std::nullopt;
  i->second.taken = true;
  ++i->second.asked.attempt;
  return i->second.asked;
}

void request_queue::answer(std::uint64_t id, std::string_view line) {
  if (auto found = waiting_.extract(id))
    found.mapped().on_answer(line);
}

void request_queue::take_back() {
  for (auto& [id, waits] : waiting_)
    waits.taken = false;
}

std::size_t request_queue::connections() const {
  std::size_t result = 0;
  for (const auto& way_in : ways_in_)
    result += way_in.taken();
  return result;
}

} // namespace container_agent::runtime
