#include "actors/input/input_reader.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent {

namespace {

line_ending ending_of(codec::framed_line::kind kind) {
  using from = codec::framed_line::kind;
  switch (kind) {
    case from::complete: return line_ending::complete;
    case from::cut: return line_ending::cut;
    case from::too_long: return line_ending::too_long;
  }
  return line_ending::complete;
}

} // namespace

input_reader::input_reader(const stream_log& log, config c, std::uint64_t from)
  : log_{log},
    config_{c},
    framer_{c.max_line},
    json_{c.max_line},
    read_to_{from},
    position_{from},
    line_end_{from} {}

// The last cut is reported again and again; one before `read_to_` is known
// already.
void input_reader::grew(const input_grew& news) {
  if (news.cut_at >= read_to_)
    cut_at_ = std::max(cut_at_, news.cut_at);
  ended_ = ended_ || news.ended;
}

const host_line* input_reader::front() {
  while (lines_.empty()) {
    if (auto line = framer_.next()) {
      take(std::move(*line));
      continue;
    }
    if (cut_at_ != 0 && read_to_ >= cut_at_) {
      cut_at_ = 0;
      cut();
      continue;
    }
    if (read_block())
      continue;
    if (!ended_ || std::exchange(told_end_, true))
      return nullptr;
    cut();
  }
  return &lines_.front();
}

void input_reader::pop() {
  AGENT_ASSERT(!lines_.empty() && lines_.front().end <= read_to_);
  position_ = std::max(position_, lines_.front().end);
  lines_.pop_front();
}

// Reads at most up to a cut, because a new line begins after it.
bool input_reader::read_block() {
  std::array<char, read_size> block;
  std::size_t most = block.size();
  if (cut_at_ != 0)
    most = std::min<std::uint64_t>(most, cut_at_ - read_to_);
  auto size = log_.read(read_to_, {block.data(), most});
  framer_.feed({block.data(), size});
  read_to_ += size;
  return size > 0;
}

void input_reader::cut() {
  if (auto line = framer_.end())
    take(std::move(*line));
  json_.end(items_);
  take_items();
}

void input_reader::take(codec::framed_line line) {
  codec::json_lines::item item{std::move(line), ++count_,
                               read_to_ - framer_.held()};
  if (config_.json)
    json_.take(std::move(item), items_);
  else
    items_.push_back(std::move(item));
  take_items();
}

void input_reader::take_items() {
  for (auto& item : items_) {
    auto begin = line_end_;
    line_end_ = std::max(line_end_, item.end);
    lines_.push_back({item.number, std::move(item.line.text),
                      ending_of(item.line.what), item.line.size, begin,
                      item.end});
  }
  items_.clear();
}

} // namespace container_agent
