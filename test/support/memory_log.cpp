#include "test/support/memory_log.hpp"

#include <algorithm>
#include <cstring>

namespace container_agent::test {

std::uint64_t memory_log::line_start() const {
  auto last = data_.rfind('\n');
  return last == std::string::npos ? 0 : last + 1;
}

void memory_log::append(std::string_view lines) {
  owed_ += lines;
  settle();
}

std::uint64_t memory_log::end_line() {
  auto size = end() - line_start();
  if (size > 0)
    data_ += '\n';
  settle();
  return size;
}

std::size_t memory_log::read(std::uint64_t from, std::span<char> into) const {
  auto size = std::min(
    into.size(), data_.size() - std::min<std::size_t>(from, data_.size()));
  if (size > 0)
    std::memcpy(into.data(), data_.data() + from, size);
  return size;
}

void memory_log::strike(std::uint64_t from, std::uint64_t to) {
  struck_.emplace_back(from, to);
}

void memory_log::put(std::string_view bytes) {
  while (!bytes.empty()) {
    auto end = owed_.empty() ? bytes.size()
                             : std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    data_ += bytes.substr(0, end);
    bytes.remove_prefix(end);
    settle();
  }
}

void memory_log::settle() {
  if (!full.empty() || (lines && line_start() != end()))
    return;
  data_ += owed_;
  owed_.clear();
}

// A struck range that had begun to go out before `from` is not left out.
bool memory_log::is_struck(std::uint64_t at, std::uint64_t from) const {
  return std::any_of(struck_.begin(), struck_.end(), [=](const auto& range) {
    return range.first >= from && at >= range.first && at < range.second;
  });
}

std::string memory_log::shown(std::uint64_t from, std::uint64_t to) const {
  std::string result;
  for (auto at = from; at < to; ++at)
    if (!is_struck(at, from))
      result += data_[at];
  return result;
}

std::string memory_log::struck(std::uint64_t from, std::uint64_t to) const {
  std::string result;
  for (auto at = from; at < to; ++at)
    if (is_struck(at, from))
      result += data_[at];
  return result;
}

} // namespace container_agent::test
