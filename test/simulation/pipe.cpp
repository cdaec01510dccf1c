#include "test/simulation/pipe.hpp"

#include <algorithm>

namespace container_agent::simulation {

pipe_plan pipe_plan::draw(chance& dice) {
  pipe_plan plan;
  plan.capacity = dice.pick<std::size_t>({512, 4096, 64 * 1024, 64 * 1024});
  plan.longest = dice.pick<std::size_t>({16, 300, 4096, 64 * 1024});
  return plan;
}

void pipe::give(std::string_view data) {
  if (on_give)
    on_give(data, !ended_);
  ended_ = false; // whoever writes has it open
  if (abandoned_)
    return;
  text_ += data;
  tell(on_data_);
}

void pipe::end() {
  ended_ = true;
  tell(on_data_);
}

// Cut off in large pieces.
std::string pipe::take(std::size_t most) {
  auto data = text_.substr(begin_, most);
  begin_ += data.size();
  if (begin_ == text_.size() || begin_ > 16 * 1024) {
    text_.erase(0, begin_);
    begin_ = 0;
  }
  if (!data.empty())
    tell(on_room_);
  return data;
}

void pipe::abandon() {
  abandoned_ = true;
  on_data_ = nullptr;
  tell(on_room_);
}

} // namespace container_agent::simulation
