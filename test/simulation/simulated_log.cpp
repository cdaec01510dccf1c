#include "test/simulation/simulated_log.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace container_agent::simulation {

void simulated_log::append(std::string_view lines) {
  if (bytes_.lines && !lines.empty() && lines.back() != '\n')
    throw std::logic_error{"a line without its end"};
  owed_ += lines;
  pay();
}

std::uint64_t simulated_log::end_line() {
  auto size = bytes_.lines ? end() - line_start_ : 0;
  if (size == 0)
    return 0;
  life_.call(
    [this] {
      bytes_.text += '\n';
      if (bytes_.on_line_end)
        bytes_.on_line_end();
      return true;
    },
    false);
  line_start_ = end();
  pay();
  return size;
}

std::size_t simulated_log::read(std::uint64_t from,
                                std::span<char> into) const {
  run_.faults.at_port("read a log", 20);
  if (from < begin() || from > end())
    throw std::out_of_range{"the log does not hold " + std::to_string(from)};
  auto size = std::min<std::uint64_t>(into.size(), end() - from);
  // As at the end of a segment.
  size = std::min(size, bytes_.segment - from % bytes_.segment);
  if (size > 0)
    std::memcpy(into.data(), text(from, from + size).data(), size);
  return size;
}

void simulated_log::strike(std::uint64_t from, std::uint64_t to) {
  auto& last = struck_[from];
  last = std::max(last, to);
}

std::uint64_t simulated_log::behind_struck(std::uint64_t at) const {
  for (auto next = struck_.upper_bound(at); next != struck_.begin();
       next = struck_.upper_bound(at)) {
    if (std::prev(next)->second <= at)
      break;
    at = std::prev(next)->second;
  }
  return at;
}

std::uint64_t simulated_log::next_struck(std::uint64_t at) const {
  auto next = struck_.lower_bound(at);
  return next == struck_.end() ? std::numeric_limits<std::uint64_t>::max()
                               : next->first;
}

std::uint64_t simulated_log::line_start_before(std::uint64_t at) const {
  auto before = text(begin(), at);
  auto last = before.rfind('\n');
  return last == std::string_view::npos ? begin() : begin() + last + 1;
}

void simulated_log::release(std::uint64_t before) {
  before = std::min(before, end() - std::min(end(), bytes_.keep));
  before -= before % bytes_.segment;
  if (before <= begin() || !life_.alive())
    return;
  // A segment begins where a line does.
  if (bytes_.lines)
    before = line_start_before(before);
  bytes_.text.erase(0, before - begin());
  bytes_.begin = before;
}

bool simulated_log::can_write() {
  trouble_ = *bytes_.disk_full ? "No space left on device" : "";
  return trouble_.empty();
}

bool simulated_log::pay() {
  if (owed_.empty())
    return true;
  if (bytes_.lines && line_start_ != end())
    return true; // the line that is under way goes before
  if (!can_write())
    return false;
  life_.call(
    [this] {
      bytes_.text += owed_;
      if (bytes_.on_append)
        bytes_.on_append(owed_);
      return true;
    },
    false);
  owed_.clear();
  line_start_ = end();
  return true;
}

std::size_t simulated_log::put(std::string_view data) {
  bytes_.text += data;
  if (bytes_.on_move)
    bytes_.on_move(data);
  auto last = data.rfind('\n');
  if (!bytes_.lines)
    line_start_ = end();
  else if (last != std::string_view::npos)
    line_start_ = end() - (data.size() - last - 1);
  return data.size();
}

} // namespace container_agent::simulation
