#include "main/runtime/written_tail.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace container_agent::runtime {

written_tail::written_tail(std::size_t line_start_limit)
  : limit_{line_start_limit} {}

void written_tail::append(bytes piece) {
  if (piece.empty())
    return;
  size_ += piece.size();
  pieces_.push_back(std::move(piece));
}

void written_tail::begin_within(bytes unread) {
  clear();
  begins_line_ = unread.empty();
  append(std::move(unread));
}

void written_tail::trim(std::size_t unread) {
  // The reader is at this offset or behind it.
  auto lowest = size_ > unread ? size_ - unread : 0;
  while (searched_pieces_ < pieces_.size()) {
    const auto& piece = pieces_[searched_pieces_];
    auto end = searched_bytes_ + piece.size();
    if (end > lowest)
      break;
    auto lf = piece.view().rfind('\n');
    if (lf == std::string_view::npos) {
      ++searched_pieces_;
      searched_bytes_ = end;
      continue;
    }
    auto count = searched_bytes_ + lf + 1;
    drop_front(count);
    begins_line_ = true;
    lowest -= count;
  }
  // Of a line whose start is gone, or is to go, only the unread is of use.
  auto start_is_gone = !begins_line_ && searched_bytes_ > 0;
  if (start_is_gone || searched_bytes_ > limit_) {
    drop_front(searched_bytes_);
    begins_line_ = false;
  }
  release_large_block(unread);
}

// A part keeps its whole block in memory: of a long piece that only the end of
// is needed, that end is copied. Not while much waits to be written, as it
// would be copied again and again.
void written_tail::release_large_block(std::size_t unread) {
  if (size_ <= unread || size_ - unread <= limit_)
    return;
  auto lowest = size_ - unread;
  auto start = line_start(lowest);
  auto gone = start == nowhere || lowest - start > limit_;
  drop_front(gone ? lowest : start);
  begins_line_ = !gone;
  if (unread > 2 * max_line_start)
    return;
  std::string copy;
  copy.reserve(size_);
  for (const auto& piece : pieces_)
    copy += piece.view();
  clear_pieces();
  append(bytes{std::move(copy)});
}

bool written_tail::at_line_start(std::size_t unread) const {
  return unread <= size_ && line_start(size_ - unread) == size_ - unread;
}

written_tail::resumption written_tail::resume(std::size_t unread) {
  resumption result;
  if (unread > size_) {
    // More is unread than is known: the beginning is lost.
    result.cut = unread - size_;
    unread = size_;
    begins_line_ = false;
  }
  auto position = size_ - unread;
  auto start = result.cut > 0 ? nowhere : line_start(position);
  if (start != nowhere) {
    result.pieces = from(start);
    result.repeated = position - start;
    drop_back(size_ - start);
    return result;
  }
  auto next = line_end(position);
  result.cut_goes_on = next == nowhere;
  if (result.cut_goes_on)
    next = size_;
  result.pieces = from(next);
  result.cut += next - position;
  clear();
  return result;
}

void written_tail::clear() {
  clear_pieces();
  begins_line_ = true;
}

void written_tail::clear_pieces() {
  pieces_.clear();
  size_ = 0;
  searched_pieces_ = 0;
  searched_bytes_ = 0;
}

// The start of the line that the byte at `position` belongs to.
std::size_t written_tail::line_start(std::size_t position) const {
  auto end = size_;
  for (auto i = pieces_.size(); i-- > 0;) {
    auto text = pieces_[i].view();
    auto begin = end - text.size();
    if (begin < position) {
      auto lf = text.substr(0, position - begin).rfind('\n');
      if (lf != std::string_view::npos)
        return begin + lf + 1;
    }
    end = begin;
  }
  return begins_line_ ? 0 : nowhere;
}

// The offset after the first LF at or behind `position`.
std::size_t written_tail::line_end(std::size_t position) const {
  std::size_t begin = 0;
  for (const auto& piece : pieces_) {
    auto text = piece.view();
    if (begin + text.size() > position) {
      auto lf = text.find('\n', position > begin ? position - begin : 0);
      if (lf != std::string_view::npos)
        return begin + lf + 1;
    }
    begin += text.size();
  }
  return nowhere;
}

std::vector<bytes> written_tail::from(std::size_t offset) const {
  std::vector<bytes> result;
  std::size_t begin = 0;
  for (const auto& piece : pieces_) {
    auto end = begin + piece.size();
    if (end > offset)
      result.push_back(piece.part(offset > begin ? offset - begin : 0));
    begin = end;
  }
  return result;
}

void written_tail::drop_front(std::size_t count) {
  size_ -= count;
  searched_pieces_ = 0;
  searched_bytes_ = 0;
  while (count > 0) {
    auto& first = pieces_.front();
    if (count < first.size()) {
      first = first.part(count);
      return;
    }
    count -= first.size();
    pieces_.pop_front();
  }
}

void written_tail::drop_back(std::size_t count) {
  size_ -= count;
  searched_pieces_ = 0;
  searched_bytes_ = 0;
  while (count > 0) {
    auto& last = pieces_.back();
    if (count < last.size()) {
      last = last.part(0, last.size() - count);
      return;
    }
    count -= last.size();
    pieces_.pop_back();
  }
}

} // namespace container_agent::runtime
