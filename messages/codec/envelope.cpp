#include "messages/codec/envelope.hpp"

#include "messages/visible_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace container_agent::codec {

namespace {

// Longer keys are none of ours.
constexpr std::size_t max_key = 32;

// Claude names at most the prompts that were in flight.
constexpr std::size_t max_uuids = 1024;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_high_surrogate(unsigned unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_surrogate(unsigned unit) {
  return unit >= 0xd800 && unit < 0xe000;
}

/// The code unit of a `\u` escape at the front, if there is one.
std::optional<unsigned> escaped_unit(std::string_view text) {
  constexpr std::size_t length = 6;
  unsigned unit = 0;
  if (text.size() < length || !text.starts_with("\\u"))
    return std::nullopt;
  const auto* last = text.data() + length;
  if (std::from_chars(text.data() + 2, last, unit, 16).ptr != last)
    return std::nullopt;
  return unit;
}

void append_utf8(std::string& out, unsigned point) {
  auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  auto follow = [&](unsigned shift) { put(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80)
    return put(point);
  if (point < 0x800)
    return put(0xc0 | (point >> 6)), follow(0);
  if (point < 0x10000)
    return put(0xe0 | (point >> 12)), follow(6), follow(0);
  put(0xf0 | (point >> 18)), follow(12), follow(6), follow(0);
}

/// Appends what the `\u` escapes at the front stand for. Returns their length.
/// JavaScript writes half a surrogate pair as it is; no UTF-8 can hold it.
std::size_t append_unit(std::string& out, std::string_view text) {
  auto unit = *escaped_unit(text);
  auto next = is_high_surrogate(unit) ? escaped_unit(text.substr(6))
                                      : std::optional<unsigned>{};
  if (next && is_surrogate(*next) && !is_high_surrogate(*next)) {
    append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (*next - 0xdc00));
    return 12;
  }
  if (is_surrogate(unit))
    out += replacement_character;
  else
    append_utf8(out, unit);
  return 6;
}

/// The text that a string of JSON stands for. What is no escape stays as it is.
std::string unescape(std::string_view text) {
  static constexpr std::string_view names = "\"\\/bfnrt";
  static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto plain = std::min(text.find('\\'), text.size());
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.size() < 2)
      return result += text;
    if (escaped_unit(text)) {
      text.remove_prefix(append_unit(result, text));
      continue;
    }
    auto name = names.find(text[1]);
    if (name == std::string_view::npos)
      result += text.substr(0, 2);
    else
      result += meant[name];
    text.remove_prefix(2);
  }
  return result;
}

} // namespace

void envelope_scanner::feed(std::string_view piece) {
  std::size_t at = 0;
  auto quote = std::string_view::npos; // the next one, once looked for
  while (at < piece.size() && scan_.mode != mode::done) {
    if (scan_.mode == mode::value) {
      take_char(piece[at++]);
      continue;
    }
    auto begin = at;
    if (scan_.escaped) {
      scan_.escaped = false;
      ++at;
    }
    if (quote == std::string_view::npos || quote < at)
      quote = std::min(piece.find('"', at), piece.size());
    at += std::min(piece.substr(at, quote - at).find('\\'), quote - at);
    take_string_run(piece.substr(begin, at - begin));
    if (at == piece.size())
      return;
    if (piece[at++] == '"') {
      end_string();
    } else {
      take_string_run("\\");
      scan_.escaped = scan_.has_escapes = true;
    }
  }
}

envelope envelope_scanner::finish() {
  if (scan_.mode != mode::done
      && (scan_.mode == mode::string || scan_.depth != 0))
    found_.is_object = false; // cut short: what was found may be half of it
  scan_ = {};
  current_.clear();
  inner_.clear();
  literal_.clear();
  return std::exchange(found_, {});
}

void envelope_scanner::take_char(char c) {
  if (is_space(c))
    return;
  if (!scan_.started) {
    if (leads(c))
      return;
    scan_.started = true;
    if (c != '{') {
      scan_.mode = mode::done;
      return;
    }
    found_.is_object = true;
  }
  switch (c) {
    case '{':
    case '[': open(c); return;
    case '}':
    case ']':
      end_literal();
      close();
      return;
    case '"':
      scan_.mode = mode::string;
      scan_.has_escapes = scan_.too_long = false;
      current_.clear();
      scan_.keep = (scan_.depth == 1 || scan_.depth == 2)
                   && (scan_.expect_key || slot() != nullptr);
      return;
    case ',':
      end_literal();
      if (scan_.depth == 1 || (scan_.depth == 2 && !scan_.in_array))
        scan_.expect_key = true;
      return;
    case ':': scan_.expect_key = false; return;
    default:
      if ((scan_.depth == 1 || in_usage()) && literal_.size() < max_key)
        literal_.push_back(c);
  }
}

// Nothing of it shows on a screen: a byte order mark, control characters, and a
// terminal's escape sequences (ECMA-48: CSI, OSC and the short ones).
bool envelope_scanner::leads(char c) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  auto& state = scan_.lead;
  switch (std::exchange(state, lead::none)) {
    case lead::none:
      if (c == '\x1b')
        state = lead::escape;
      return static_cast<unsigned char>(c) < ' ' || c == '\x7f'
             || byte_order_mark.find(c) != std::string_view::npos;
    case lead::escape:
      if (c == '[')
        state = lead::parameters;
      else if (c == ']')
        state = lead::title;
      else if (c >= ' ' && c < '0') // more of it follows
        state = lead::escape;
      return true;
    case lead::parameters:
      if (c < '@')
        state = lead::parameters;
      return true;
    case lead::title:
      if (c == '\x1b')
        state = lead::title_end;
      else if (c != '\a')
        state = lead::title;
      return true;
    case lead::title_end:
      if (c != '\\')
        state = lead::title;
      return true;
  }
  return false;
}

void envelope_scanner::take_string_run(std::string_view run) {
  if (!scan_.keep || scan_.too_long)
    return;
  if (current_.size() + run.size() > slot_limit()) {
    scan_.too_long = true;
    current_ = std::string{};
    return;
  }
  current_.append(run);
}

void envelope_scanner::open(char c) {
  ++scan_.depth;
  if (scan_.depth == 2) {
    scan_.in_array = c == '[';
    inner_.clear();
  }
  scan_.expect_key = c == '{' && scan_.depth <= 2;
}

void envelope_scanner::close() {
  if (scan_.depth > 0 && --scan_.depth == 0)
    scan_.mode = mode::done;
  scan_.expect_key = false;
}

void envelope_scanner::end_string() {
  scan_.mode = mode::value;
  if (!scan_.keep)
    return;
  if (scan_.has_escapes && !scan_.too_long)
    current_ = unescape(current_);
  if (scan_.expect_key && scan_.depth == 1) {
    scan_.key = member_named(current_);
    return;
  }
  if (scan_.expect_key) {
    inner_.swap(current_);
    return;
  }
  if (scan_.depth == 2 && scan_.key == member::user_message_uuids) {
    if (!current_.empty() && found_.user_message_uuids.size() < max_uuids)
      found_.user_message_uuids.push_back(std::move(current_));
    return;
  }
  if (scan_.too_long && scan_.key == member::result)
    found_.result_too_long = true;
  *slot() = std::move(current_);
  if (scan_.depth == 1 && scan_.key == member::type && uninteresting())
    scan_.mode = mode::done;
}

void envelope_scanner::end_literal() {
  if (literal_.empty())
    return;
  if (in_usage() || scan_.key == member::total_cost_usd)
    end_number();
  else if (scan_.key == member::is_error)
    found_.is_error = literal_ == "true";
  else if (scan_.key == member::is_replay)
    found_.is_replay = literal_ == "true";
  literal_.clear();
}

bool envelope_scanner::in_usage() const {
  return scan_.depth == 2 && scan_.key == member::usage && !scan_.in_array;
}

void envelope_scanner::end_number() {
  auto read = [this](auto& into) {
    std::from_chars(literal_.data(), literal_.data() + literal_.size(), into);
  };
  auto& bill = found_.bill;
  if (scan_.depth == 1)
    read(bill.dollars);
  else if (inner_ == "input_tokens")
    read(bill.input_tokens);
  else if (inner_ == "output_tokens")
    read(bill.output_tokens);
  else if (inner_ == "cache_read_input_tokens")
    read(bill.cache_read_tokens);
  else if (inner_ == "cache_creation_input_tokens")
    read(bill.cache_creation_tokens);
}

std::string* envelope_scanner::slot() {
  if (scan_.depth == 2)
    return inner_slot();
  switch (scan_.key) {
    case member::type: return &found_.type;
    case member::subtype: return &found_.subtype;
    case member::session_id: return &found_.session_id;
    case member::uuid: return &found_.uuid;
    case member::request_id: return &found_.request_id;
    case member::command_uuid: return &found_.command_uuid;
    case member::state: return &found_.state;
    case member::permission_mode: return &found_.permission_mode;
    case member::status: return &found_.status;
    case member::result:
      return limits_.max_result > 0 ? &found_.result : nullptr;
    default: return nullptr;
  }
}

std::string* envelope_scanner::inner_slot() {
  switch (scan_.key) {
    case member::response:
      return scan_.in_array           ? nullptr
             : inner_ == "request_id" ? &found_.request_id
             : inner_ == "subtype"    ? &found_.subtype
             : inner_ == "error"      ? &found_.first_error
                                      : nullptr;
    case member::origin:
      return !scan_.in_array && inner_ == "kind" ? &found_.origin : nullptr;
    case member::errors:
      return scan_.in_array && found_.first_error.empty() ? &found_.first_error
                                                          : nullptr;
    case member::user_message_uuids:
      return scan_.in_array ? &current_ : nullptr;
    default: return nullptr;
  }
}

envelope_scanner::member envelope_scanner::member_named(std::string_view name) {
  static constexpr std::pair<std::string_view, member> known[] = {
    {"type", member::type},
    {"subtype", member::subtype},
    {"session_id", member::session_id},
    {"uuid", member::uuid},
    {"request_id", member::request_id},
    {"command_uuid", member::command_uuid},
    {"state", member::state},
    {"status", member::status},
    {"origin", member::origin},
    {"result", member::result},
    {"response", member::response},
    {"errors", member::errors},
    {"user_message_uuids", member::user_message_uuids},
    {"usage", member::usage},
    {"total_cost_usd", member::total_cost_usd},
    {"permissionMode", member::permission_mode},
    {"is_error", member::is_error},
    {"isReplay", member::is_replay},
  };
  auto i = std::find_if(std::begin(known), std::end(known),
                        [name](const auto& k) { return k.first == name; });
  return i == std::end(known) ? member::other : i->second;
}

std::size_t envelope_scanner::slot_limit() const {
  if (scan_.expect_key)
    return max_key;
  return scan_.depth == 1 && scan_.key == member::result ? limits_.max_result
                                                         : limits_.max_value;
}

bool envelope_scanner::uninteresting() const {
  const auto& type = found_.type;
  return type == "assistant" || type == "stream_event";
}

envelope read_envelope(std::string_view line, std::size_t max_result) {
  envelope_scanner scanner{{.max_result = max_result}};
  scanner.feed(line);
  return scanner.finish();
}

} // namespace container_agent::codec
