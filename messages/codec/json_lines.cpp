#include "messages/codec/json_lines.hpp"

#include "messages/agent_assert.hpp"
#include "messages/codec/input_message.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace container_agent::codec {

namespace {

using kind = framed_line::kind;

/// Wants to know nothing of what is parsed.
struct no_values {
  using code = boost::json::error_code;
  using part = boost::json::string_view;

  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return true; }
  bool on_object_end(std::size_t, code&) { return true; }
  bool on_array_begin(code&) { return true; }
  bool on_array_end(std::size_t, code&) { return true; }
  bool on_key_part(part, std::size_t, code&) { return true; }
  bool on_key(part, std::size_t, code&) { return true; }
  bool on_string_part(part, std::size_t, code&) { return true; }
  bool on_string(part, std::size_t, code&) { return true; }
  bool on_number_part(part, code&) { return true; }
  bool on_int64(std::int64_t, part, code&) { return true; }
  bool on_uint64(std::uint64_t, part, code&) { return true; }
  bool on_double(double, part, code&) { return true; }
  bool on_bool(bool, code&) { return true; }
  bool on_null(code&) { return true; }
  bool on_comment_part(part, code&) { return true; }
  bool on_comment(part, code&) { return true; }
};

boost::json::parse_options depth_limited() {
  boost::json::parse_options options;
  options.max_depth = max_json_depth;
  return options;
}

bool is_whole_message(const framed_line& line) {
  return line.what != kind::too_long
         && start_of(line.text) == json_start::object
         && std::holds_alternative<input_message>(
           read_input(line.text, input_format::stream_json));
}

} // namespace

struct json_lines::parser {
  boost::json::basic_parser<no_values> json{depth_limited()};

  /// False if `text` can't be the next part of the JSON.
  bool feed(std::string_view text) {
    boost::json::error_code error;
    std::size_t read = 0;
    if (!json.done())
      read = json.write_some(true, text.data(), text.size(), error);
    return !error
           && text.find_first_not_of(" \t\r\n", read) == std::string_view::npos;
  }
};

json_lines::json_lines(std::size_t max_message) : max_message_{max_message} {}

json_lines::~json_lines() = default;

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
  parser_ = std::make_unique<parser>();
  if (parser_->feed(whole_.line.text) && parser_->feed("\n"))
    state_ = state::collecting;
  if (state_ == state::skipping || start == json_start::other)
    refuse(kind::complete, out);
}

void json_lines::go_on(item next, std::vector<item>& out) {
  const auto& line = next.line;
  auto too_long = line.what == kind::too_long;
  auto is_part = state_ == state::collecting && !too_long
                 && parser_->feed(line.text) && parser_->feed("\n");
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
  AGENT_ASSERT(state_ != state::between && !refused_);
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
  parser_.reset();
  brackets_ = {};
  brackets_known_ = true;
  refused_ = false;
  whole_ = {};
}

} // namespace container_agent::codec
