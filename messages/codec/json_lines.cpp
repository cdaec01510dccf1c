#include "messages/codec/json_lines.hpp"

#include "messages/codec/input_message.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace container_agent::codec {

namespace {

using kind = framed_line::kind;

bool is_whole_message(const framed_line& line) {
  return line.what != kind::too_long
         && start_of(line.text) == json_start::object
         && std::holds_alternative<input_message>(
           read_input(line.text, input_format::stream_json));
}

} // namespace

json_lines::json_lines(std::size_t max_message) : max_message_{max_message} {}

void json_lines::take(item next, std::vector<item>& out) {
  last_end_ = next.end;
  auto cut = next.line.what == kind::cut;
  if (state_ == state::between)
    begin(std::move(next), out);
  else
    go_on(std::move(next), out);
  if (cut)
    end(out);
}

void json_lines::end(std::vector<item>& out) {
  if (state_ == state::between)
    return;
  if (refused_)
    return finish_refused(out);
  refuse(kind::cut, out);
  out.back().end = last_end_; // nothing belongs to it that is still to come
  finish();
}

void json_lines::begin(item next, std::vector<item>& out) {
  auto& line = next.line;
  auto start = start_of(line.text);
  if (start == json_start::text || line.what == kind::cut)
    return out.push_back(std::move(next));
  count_brackets(line);
  if (brackets_closed()) {
    finish();
    return out.push_back(std::move(next));
  }
  whole_.number = next.number;
  whole_.line.text = without_mark(line.text);
  whole_.line.size = line.size;
  state_ = state::skipping;
  if (line.what == kind::too_long)
    return refuse(kind::too_long, out);
  if (is_json_so_far(whole_.line.text))
    state_ = state::collecting;
  if (state_ == state::skipping || start == json_start::other)
    refuse(kind::complete, out);
}

void json_lines::go_on(item next, std::vector<item>& out) {
  const auto& line = next.line;
  auto too_long = line.what == kind::too_long;
  auto is_part
    = state_ == state::collecting && !too_long && is_json_so_far(line.text);
  if (!is_part) {
    state_ = state::skipping;
    if (is_whole_message(line)) {
      if (!refused_)
        refuse(kind::complete, out);
      finish();
      return out.push_back(std::move(next));
    }
  }
  if (!refused_) {
    whole_.line.size += 1 + line.size;
    if (too_long || whole_.line.size > max_message_) {
      refuse(kind::too_long, out);
    } else {
      (whole_.line.text += '\n') += line.text;
      if (!is_part)
        refuse(kind::complete, out);
    }
  }
  count_brackets(line);
  if (!brackets_closed())
    return;
  if (refused_)
    return finish_refused(out);
  auto& text = whole_.line.text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  whole_.line.what = line.what;
  whole_.end = next.end;
  out.push_back(std::move(whole_));
  finish();
}

bool json_lines::is_json_so_far(std::string_view line) {
  json_.feed(line);
  json_.feed("\n");
  return json_.now() != json_reader::state::wrong;
}

void json_lines::count_brackets(const framed_line& line) {
  if (line.what == kind::too_long)
    brackets_known_ = false;
  brackets_.feed(line.text);
  brackets_.feed("\n");
}

bool json_lines::brackets_closed() const {
  return brackets_known_ && brackets_.closed();
}

// The line feed behind it shows where the JSON is wrong, if that is in a
// string.
void json_lines::refuse(kind how, std::vector<item>& out) {
  refused_ = true;
  auto line = std::exchange(whole_.line, {});
  line.what = how;
  if (how == kind::too_long)
    line.text.resize(std::min(line.text.size(), framed_line::max_head));
  else if (how == kind::complete)
    line.text += '\n';
  out.push_back({std::move(line), whole_.number, 0});
}

// What was refused is over, so that its end may be noted.
void json_lines::finish_refused(std::vector<item>& out) {
  if (last_end_ > 0)
    out.push_back({{kind::complete, {}, 0}, whole_.number, last_end_});
  finish();
}

void json_lines::finish() {
  state_ = state::between;
  json_.reset();
  brackets_ = {};
  brackets_known_ = true;
  refused_ = false;
  whole_ = {};
}

} // namespace container_agent::codec
