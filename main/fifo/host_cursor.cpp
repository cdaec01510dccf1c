#include "main/fifo/host_cursor.hpp"

#include "messages/agent_assert.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace container_agent::runtime {

host_cursor::host_cursor(const storage::log& from,
                         std::unique_ptr<storage::cursor> where, content kind)
  : from_{from}, cursor_{std::move(where)}, kind_{kind} {}

void host_cursor::distrust_behind(std::uint64_t read_to) {
  distrusted_from_ = std::min(std::max(read_to, from_.begin()), position());
  distrusted_to_ = position();
}

ssize_t host_cursor::move_to(int pipe, std::uint64_t limit) {
  if (cuts_)
    return 0;
  if (position() < distrusted_to_) // what went before was taken back
    distrusted_to_ = 0;
  return cursor_->move_to(pipe, std::min(limit, position() + max_at_once));
}

bool host_cursor::waits(std::uint64_t limit) const {
  return !cuts_ && position() < std::min(limit, from_.end());
}

std::uint64_t host_cursor::read_to(std::size_t unread) const {
  return surely_read(begin_of_last(unread, position()));
}

bool host_cursor::within_line(std::size_t unread) const {
  if (kind_ == content::raw || cuts_)
    return false;
  auto at = begin_of_last(unread, position());
  return surely_read(at) != at || line_start(at) != at;
}

std::uint64_t host_cursor::go_back(std::size_t unread, std::uint64_t gone) {
  auto known = gone - std::min(gone, from_.begin());
  skipped_ = unread - std::min<std::uint64_t>(unread, known);
  auto at = surely_read(begin_of_last(unread, gone));
  auto start = kind_ == content::lines ? line_start(at) : at;
  cursor_->seek(start.value_or(at));
  cuts_ = !start;
  AGENT_ASSERT(position() <= at && at <= gone);
  return at - position();
}

std::uint64_t host_cursor::skip_line(std::uint64_t limit) {
  auto at = position();
  std::array<char, 16 * 1024> buffer;
  while (cuts_ && at < limit) {
    auto most = std::min<std::uint64_t>(buffer.size(), limit - at);
    auto size = from_.read(at, std::span{buffer}.first(most));
    if (size == 0)
      break;
    auto lf = std::string_view{buffer.data(), size}.find('\n');
    cuts_ = lf == std::string_view::npos;
    at += cuts_ ? size : lf + 1;
  }
  skipped_ += at - position();
  if (at != position())
    cursor_->seek(at);
  return cuts_ ? 0 : std::exchange(skipped_, 0);
}

// Struck bytes were never moved, so they don't count. Going further back may
// pass more of them, so the search repeats.
std::uint64_t host_cursor::begin_of_last(std::uint64_t count,
                                         std::uint64_t gone) const {
  auto most = gone - std::min(gone, from_.begin());
  std::uint64_t struck = 0;
  for (;;) {
    auto at = gone - std::min(most, count + struck);
    auto found = struck_between(at, gone);
    if (found == struck)
      return at;
    struck = found;
  }
}

std::uint64_t host_cursor::surely_read(std::uint64_t at) const {
  return at < distrusted_to_ ? std::min(at, distrusted_from_) : at;
}

std::uint64_t host_cursor::struck_between(std::uint64_t at,
                                          std::uint64_t to) const {
  std::uint64_t count = 0;
  while (at < to) {
    auto behind = std::min(from_.behind_struck(at), to);
    count += behind - at;
    at = from_.next_struck(behind);
  }
  return count;
}

// For a reader that has read up to `at`: the start of the line it is in;
// nothing if that is too far back.
std::optional<std::uint64_t> host_cursor::line_start(std::uint64_t at) const {
  auto back = std::min<std::uint64_t>(at, max_line_start + 1);
  auto lowest = std::max(from_.begin(), at - back);
  auto start = from_.line_start_before(at, lowest);
  if (start == lowest && lowest > from_.begin())
    return {};
  return start;
}

} // namespace container_agent::runtime
