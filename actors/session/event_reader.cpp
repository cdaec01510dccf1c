#include "actors/session/event_reader.hpp"

#include "actors/session/conversation_fold.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent {

std::string claude_line::text() const {
  if (where.from < block_begin)
    return text_in(log, where.from, where.to - 1);
  return std::string{block.substr(where.from - block_begin, size())};
}

event_reader::event_reader(stream_log& log, bool is_shown,
                           codec::envelope_scanner::limits limits)
  : log_{log},
    is_shown_{is_shown},
    scanner_{limits},
    read_to_{log.line_start()},
    line_begin_{read_to_} {}

void event_reader::recall(std::deque<codec::event_range> left_out) {
  left_out_ = std::move(left_out);
  for (const auto& range : left_out_)
    log_.strike(range.from, range.to);
}

// -- reading ------------------------------------------------------------------

void event_reader::rewind() {
  if (!at_work_)
    return;
  (void)scanner_.finish();
  read_to_ = line_begin_;
}

bool event_reader::read(bool child_known, const handler& call) {
  at_work_ = true;
  std::array<char, read_size> buffer;
  while (auto size = log_.read(read_to_, buffer)) {
    std::string_view block{buffer.data(), size};
    auto begin = read_to_;
    for (std::size_t at = 0; at < size;) {
      auto end = std::min(block.find('\n', at), size);
      scanner_.feed(block.substr(at, end - at));
      read_to_ = begin + std::min(end + 1, size);
      if (end < size && !end_line(block, begin, child_known, call)) {
        read_to_ = line_begin_;
        at_work_ = false;
        return false;
      }
      at = end + 1;
    }
  }
  at_work_ = false;
  return true;
}

// The agent's own lines are among Claude's, and tell it nothing.
bool event_reader::end_line(std::string_view block, std::uint64_t block_begin,
                            bool child_known, const handler& call) {
  auto head = scanner_.finish();
  claude_line line{.head = head,
                   .where = {line_begin_, read_to_},
                   .log = log_,
                   .block = block,
                   .block_begin = block_begin};
  if (is_own(line)) {
    if (head.subtype == "checkpoint")
      leave_out();
  } else {
    if (!child_known && !is_torn())
      return false;
    if (is_torn() && head.is_object && codec::is_whole_object(line.text()))
      torn_.reset(); // all but its LF was there
    ++heard_;
    line.what = kind_of(line);
    call(line);
  }
  line_begin_ = read_to_;
  return true;
}

bool event_reader::is_own(const claude_line& line) {
  if (line.head.type == "container_agent")
    return true;
  if (own_.empty() || own_.front() != line.text() + '\n')
    return false;
  own_.pop_front();
  return true;
}

claude_line::kind event_reader::kind_of(const claude_line& line) {
  using kind = claude_line::kind;
  if (closed_)
    return kind::late;
  if (is_torn())
    return kind::torn;
  return std::exchange(joining_, false) && !codec::is_whole_object(line.text())
           ? kind::joined
           : kind::whole;
}

// -- lines that are not whole -------------------------------------------------

void event_reader::end_torn_line() {
  auto from = log_.line_start();
  if (auto size = log_.end_line(); size > 0)
    torn_ = {from, from + size + 1};
}

bool event_reader::end_whole_line() {
  end_torn_line();
  auto whole
    = torn_
      && codec::is_whole_object(text_in(log_, torn_->from, torn_->to - 1));
  if (whole)
    torn_.reset();
  return whole;
}

std::optional<codec::event_range> event_reader::begin_behind() {
  read_to_ = line_begin_ = log_.line_start();
  if (torn_) {
    log_.strike(torn_->from, torn_->to);
    if (is_shown_)
      left_out_.push_back(*torn_);
  }
  return std::exchange(torn_, {});
}

std::optional<codec::event_range> event_reader::end_child() {
  joining_ = false;
  return std::exchange(torn_, {});
}

// -- for the host -------------------------------------------------------------

void event_reader::leave_out() {
  log_.strike(line_begin_, read_to_);
  if (is_shown_)
    left_out_.push_back({line_begin_, read_to_});
}

// A line that is too long to be held back is shown as far as it goes.
std::uint64_t event_reader::shown_to() const {
  auto is_long = read_to_ - line_begin_ > max_held_line;
  return is_long && !joining_ ? read_to_ : line_begin_;
}

std::uint64_t event_reader::needed_from(std::uint64_t shown) {
  while (!left_out_.empty() && left_out_.front().to + max_repeated <= shown)
    left_out_.pop_front();
  if (!is_shown_)
    return line_begin_;
  // What is in the FIFO may be wanted again, and struck lines are not in it.
  auto result = shown;
  for (const auto& range : left_out_)
    result -= std::min(result, range.to - range.from);
  return result;
}

} // namespace container_agent
