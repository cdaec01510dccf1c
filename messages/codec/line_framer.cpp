#include "messages/codec/line_framer.hpp"

#include "messages/agent_assert.hpp"

#include <utility>

namespace container_agent::codec {

namespace {

// A block that held one huge line is given back once it is empty: the agent's
// resident memory is judged when idle.
constexpr std::size_t max_idle_capacity = 256 * 1024;

} // namespace

void line_framer::feed(std::string_view data) {
  AGENT_ASSERT(!skipped_line_ && scanned_ == block_.size());
  if (!skipping_) {
    block_.erase(0, std::exchange(begin_, 0));
    scanned_ = block_.size();
    block_.append(data);
    return;
  }
  auto end = data.find('\n');
  skip(data.substr(0, end));
  if (end == std::string_view::npos)
    return;
  skipped_line_ = end_skipping();
  block_.append(data.substr(end + 1));
}

std::optional<framed_line> line_framer::next() {
  if (skipped_line_)
    return std::exchange(skipped_line_, std::nullopt);
  auto end = block_.find('\n', scanned_);
  if (end != std::string::npos) {
    auto line = cut_out(end - begin_);
    begin_ = scanned_ = end + 1;
    if (begin_ == block_.size())
      clear();
    return line;
  }
  scanned_ = block_.size();
  // One more than the limit may still turn out to be the CR of a CRLF.
  if (held() > max_line_ + 1) {
    skipping_ = true;
    skip(std::string_view{block_}.substr(begin_));
    clear();
  }
  return std::nullopt;
}

std::optional<framed_line> line_framer::end() {
  if (skipping_)
    return end_skipping();
  if (held() == 0)
    return std::nullopt;
  auto line = cut_out(held());
  if (line.what == framed_line::kind::complete)
    line.what = framed_line::kind::cut;
  clear();
  return line;
}

framed_line line_framer::cut_out(std::size_t length) const {
  auto text = std::string_view{block_}.substr(begin_, length);
  if (!text.empty() && text.back() == '\r')
    text.remove_suffix(1);
  if (text.size() > max_line_)
    return {framed_line::kind::too_long,
            std::string{text.substr(0, framed_line::max_head)}, text.size()};
  return {framed_line::kind::complete, std::string{text}, text.size()};
}

void line_framer::skip(std::string_view data) {
  if (data.empty())
    return;
  AGENT_ASSERT(skipping_ && head_.size() <= framed_line::max_head);
  skipped_ += data.size();
  head_ += data.substr(0, framed_line::max_head - head_.size());
  skipped_cr_ = data.back() == '\r';
}

framed_line line_framer::end_skipping() {
  // The CR may have come with an earlier piece than its LF.
  if (std::exchange(skipped_cr_, false))
    --skipped_;
  skipping_ = false;
  if (head_.size() > skipped_)
    head_.pop_back();
  return {framed_line::kind::too_long, std::exchange(head_, {}),
          std::exchange(skipped_, 0)};
}

void line_framer::clear() {
  block_.clear();
  begin_ = scanned_ = 0;
  if (block_.capacity() > max_idle_capacity)
    block_ = std::string{};
}

} // namespace container_agent::codec
