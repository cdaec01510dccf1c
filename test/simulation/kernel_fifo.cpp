#include "test/simulation/kernel_fifo.hpp"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace container_agent::simulation {

kernel_fifo::kernel_fifo(run_context& run, pipe_plan plan)
  : run_{run}, dice_{run.dice.branch()}, plan_{plan} {}

std::size_t kernel_fifo::room() const {
  return plan_.capacity - std::min(plan_.capacity, content().size());
}

std::string kernel_fifo::take(std::size_t most) {
  pass_marks();
  if (!marks_.empty())
    most = std::min<std::uint64_t>(most, marks_.front().at - taken_);
  auto data = read(most);
  // Whoever has taken it deals with it before this comes.
  run_.calendar.soon([this] { pass_marks(); });
  return data;
}

void kernel_fifo::give(std::string_view data) {
  append(data);
}

ssize_t kernel_fifo::write(std::string_view data) {
  auto size = std::min(data.size(), room());
  if (size == 0 || (data.size() <= PIPE_BUF && size < data.size())) {
    errno = EAGAIN;
    return -1;
  }
  append(data.substr(0, size));
  return static_cast<ssize_t>(size);
}

std::string kernel_fifo::read(std::size_t most) {
  std::string data{content().substr(0, most)};
  begin_ += data.size();
  taken_ += data.size();
  if (begin_ == text_.size() || begin_ > 16 * 1024) {
    text_.erase(0, begin_);
    begin_ = 0;
  }
  if (data.empty())
    return data;
  if (on_room_)
    run_.calendar.soon(on_room_);
  run_.calendar.soon([this] {
    if (on_drained)
      on_drained();
  });
  return data;
}

ssize_t kernel_fifo::splice_to(kernel_fifo& other, std::size_t most) {
  auto size = std::min({most, available(), other.room(), plan_.longest});
  if (size == 0) {
    errno = EAGAIN;
    return -1;
  }
  if (dice_.one_in(3))
    size = dice_.between(1, size);
  other.append(read(size));
  return static_cast<ssize_t>(size);
}

void kernel_fifo::append(std::string_view data) {
  text_ += data;
  if (on_data_)
    on_data_();
  run_.calendar.soon([this] {
    if (on_more)
      on_more();
  });
}

void kernel_fifo::mark(agenda::event what) {
  marks_.push_back({taken_ + available(), std::move(what)});
  pass_marks();
}

void kernel_fifo::pass_marks() {
  while (!marks_.empty() && marks_.front().at == taken_) {
    auto what = std::move(marks_.front().what);
    marks_.pop_front();
    what();
  }
}

} // namespace container_agent::simulation
