#include "main/server/control_desk.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::runtime {

std::uint64_t control_desk::submit(std::string line, std::int32_t pid,
                                   reply on_answer) {
  auto id = ++last_id_;
  waiting_[id] = {{id, std::move(line), 0, pid}, std::move(on_answer)};
  announce();
  return id;
}

void control_desk::announce() {
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

std::optional<control_port::request> control_desk::next() {
  auto i = std::find_if(waiting_.begin(), waiting_.end(),
                        [](const auto& x) { return !x.second.taken; });
  if (i == waiting_.end())
    return std::nullopt;
  i->second.taken = true;
  ++i->second.asked.attempt;
  return i->second.asked;
}

void control_desk::answer(std::uint64_t id, std::string_view line) {
  if (auto found = waiting_.extract(id))
    found.mapped().on_answer(line);
}

void control_desk::take_back() {
  for (auto& [id, waits] : waiting_)
    waits.taken = false;
}

std::size_t control_desk::connections() const {
  std::size_t result = 0;
  for (const auto& way_in : ways_in_)
    result += way_in.taken();
  return result;
}

} // namespace container_agent::runtime
