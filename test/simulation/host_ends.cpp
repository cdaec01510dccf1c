#include "test/simulation/host_ends.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

// -- host_writer --------------------------------------------------------------

void host_writer::write(std::string text, bool leaves) {
  unwritten_ = std::move(text);
  leaves_ = leaves;
  push_bytes();
}

void host_writer::push_bytes() {
  if (unwritten_.empty())
    return;
  auto size = std::min({unwritten_.size(), input_.room(), longest_});
  if (size == 0)
    return; // goes on when there is room
  input_.give(std::string_view{unwritten_}.substr(0, size));
  unwritten_.erase(0, size);
  if (!unwritten_.empty()) {
    run_.calendar.soon([this] { push_bytes(); });
    return;
  }
  if (std::exchange(leaves_, false))
    input_.end();
  on_written();
}

// -- host_reader --------------------------------------------------------------

void host_reader::look() {
  if (output_.available() == 0 || std::exchange(looking_, true))
    return;
  auto pause = dice_.up_to(plan_.pause);
  if (dice_.one_in(plan_.absence))
    pause += dice_.up_to(time_span{30'000'000});
  run_.calendar.after(pause, [this] {
    if (!std::exchange(looking_, false))
      return;
    take_(output_.take(dice_.between(1, plan_.size)));
    look();
  });
}

void host_reader::behave() {
  plan_ = {64 * 1024, time_span{0}, 0};
  looking_ = false;
  look();
}

void host_reader::read_to_end() {
  while (output_.available() > 0)
    take_(output_.take(64 * 1024));
}

} // namespace container_agent::simulation
