#include "actors/line_reader.hpp"

#include <utility>

namespace container_agent {

namespace {

// Raw pieces are as long as a read: enough of them to keep both sides busy.
constexpr std::size_t max_under_way = 4 * read_size;

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

line_reader::line_reader(byte_source& source, config c)
  : source_{source}, config_{c}, framer_{c.max_line}, json_{c.max_line} {}

void line_reader::advance() {
  // What was pushed and may not go out yet stops further cutting: lines wait in
  // the framer's block, not as objects.
  while (may_deliver() && deliver_next())
    ;
  if (may_deliver())
    read();
}

// Credit counts lines, and a line may be long: what is under way is bounded in
// bytes, too, by a block and a line.
bool line_reader::may_deliver() const {
  std::size_t under_way = 0;
  for (const auto& item : to_conversation.items())
    if (const auto* line = std::get_if<host_line>(&item))
      under_way += line->text.size();
  return to_conversation.may_send() && under_way < max_under_way;
}

bool line_reader::stop(bool goes_on) {
  if (std::exchange(finished_, true))
    return false;
  goes_on_ = goes_on;
  source_.cancel();
  reading_ = false;
  return true;
}

void line_reader::read() {
  if (reading_ || finished_ || error_ || held_)
    return;
  // Half a line, or message, must not wait for ever for a writer that has left.
  // While nothing is half read, writers may come and go unnoticed.
  source_.report_end(config_.exit_on_eof || framer_.holds_part()
                     || json_.holds_part());
  source_.read([this](const byte_source::result& r) { take(r); });
  reading_ = true; // not before: should that have thrown, it is tried again
}

void line_reader::take(const byte_source::result& result) {
  reading_ = false;
  held_ = result.error && !source_.trouble().empty();
  if (!held_)
    error_ = result.error;
  if (config_.raw)
    raw_ = result.keep();
  else if (!result.data.empty())
    framer_.feed(result.data);
  if (result.origin != bytes::nowhere)
    read_to_ = result.origin + result.data.size();
  at_end_ = result.at_end;
  finished_ = finished_ || (result.at_end && config_.exit_on_eof);
  if (notify_)
    notify_();
}

bool line_reader::deliver_next() {
  if (config_.raw && !raw_.empty()) {
    auto piece = std::exchange(raw_, {});
    auto size = piece.size();
    to_conversation.push(
      host_line{0, ++lines_, std::move(piece), line_ending::raw, size, 0});
    return true;
  }
  if (auto line = framer_.next()) {
    deliver(std::move(*line));
    return true;
  }
  if (std::exchange(at_end_, false) || (finished_ && !goes_on_)) {
    if (auto line = framer_.end())
      deliver(std::move(*line));
    json_.end(items_);
    deliver_items();
  }
  if (finished_ && !std::exchange(told_finished_, true)) {
    to_conversation.push(host_input_ended{});
    return true;
  }
  return false;
}

void line_reader::deliver(codec::framed_line line) {
  auto end = read_to_ > 0 ? read_to_ - framer_.held() : 0;
  codec::json_lines::item item{std::move(line), ++lines_, end};
  if (config_.json)
    json_.take(std::move(item), items_);
  else
    items_.push_back(std::move(item));
  deliver_items();
}

void line_reader::deliver_items() {
  for (auto& item : items_)
    to_conversation.push(
      host_line{0, item.number, bytes{std::move(item.line.text)},
                ending_of(item.line.what), item.line.size, item.end});
  items_.clear();
}

} // namespace container_agent
