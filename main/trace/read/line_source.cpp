#include "main/trace/read/line_source.hpp"

#include <algorithm>
#include <cstring>

namespace container_agent::trace {

namespace {

constexpr std::size_t read_size = 256 * 1024;

} // namespace

line_source::line_source(std::istream& stream, std::size_t max_line)
  : stream_{stream}, max_line_{max_line}, block_(max_line + read_size, '\0') {}

std::optional<source_line> line_source::next() {
  for (;;) {
    const auto* found = static_cast<const char*>(
      std::memchr(block_.data() + scanned_, '\n', end_ - scanned_));
    if (found) {
      auto begin = begin_;
      auto size = static_cast<std::size_t>(found - block_.data()) - begin;
      begin_ = scanned_ = begin + size + 1;
      if (skipping_ || size > max_line_) {
        skipping_ = false;
        return source_line{{}, true, true};
      }
      return source_line{{block_.data() + begin, size}, false, true};
    }
    scanned_ = end_;
    if (end_ - begin_ > max_line_) {
      skipping_ = true;
      begin_ = end_;
    }
    if (!fill())
      return last();
  }
}

bool line_source::fill() {
  if (begin_ > 0) {
    std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  auto wanted = std::min(read_size, block_.size() - end_);
  stream_.read(block_.data() + end_, static_cast<std::streamsize>(wanted));
  auto got = static_cast<std::size_t>(stream_.gcount());
  end_ += got;
  return got > 0;
}

std::optional<source_line> line_source::last() {
  if (begin_ == end_ && !skipping_)
    return {};
  source_line line{{block_.data() + begin_, end_ - begin_}, skipping_, false};
  begin_ = scanned_ = end_;
  skipping_ = false;
  return line;
}

} // namespace container_agent::trace
