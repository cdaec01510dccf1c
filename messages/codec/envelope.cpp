#include "messages/codec/envelope.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
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

std::string unescape(std::string text) {
  auto value = nlohmann::json::parse('"' + text + '"', nullptr, false);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

} // namespace

void envelope_scanner::feed(std::string_view piece) {
  std::size_t at = 0;
  auto quote = std::string_view::npos; // the next one, once looked for
  while (at < piece.size() && mode_ != mode::done) {
    if (mode_ == mode::value) {
      take_char(piece[at++]);
      continue;
    }
    auto begin = at;
    if (escaped_) {
      escaped_ = false;
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
      escaped_ = has_escapes_ = true;
    }
  }
}

envelope envelope_scanner::finish() {
  if (mode_ != mode::done && (mode_ == mode::string || depth_ != 0))
    found_.is_object = false; // cut short: what was found may be half of it
  auto result = std::exchange(found_, {});
  auto l = limits_;
  *this = envelope_scanner{l};
  return result;
}

void envelope_scanner::take_char(char c) {
  if (is_space(c))
    return;
  if (!started_) {
    started_ = true;
    if (c != '{') {
      mode_ = mode::done;
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
      mode_ = mode::string;
      has_escapes_ = too_long_ = false;
      current_.clear();
      keep_
        = (depth_ == 1 || depth_ == 2) && (expect_key_ || slot() != nullptr);
      return;
    case ',':
      end_literal();
      if (depth_ == 1 || (depth_ == 2 && !in_array_))
        expect_key_ = true;
      return;
    case ':': expect_key_ = false; return;
    default:
      if ((depth_ == 1 || in_usage()) && literal_.size() < max_key)
        literal_.push_back(c);
  }
}

void envelope_scanner::take_string_run(std::string_view run) {
  if (!keep_ || too_long_)
    return;
  if (current_.size() + run.size() > slot_limit()) {
    too_long_ = true;
    current_ = std::string{};
    return;
  }
  current_.append(run);
}

void envelope_scanner::open(char c) {
  ++depth_;
  if (depth_ == 2) {
    in_array_ = c == '[';
    inner_.clear();
  }
  expect_key_ = c == '{' && depth_ <= 2;
}

void envelope_scanner::close() {
  if (depth_ > 0 && --depth_ == 0)
    mode_ = mode::done;
  expect_key_ = false;
}

void envelope_scanner::end_string() {
  mode_ = mode::value;
  if (!keep_)
    return;
  auto text = std::exchange(current_, {});
  if (has_escapes_ && !too_long_)
    text = unescape(std::move(text));
  if (expect_key_) {
    (depth_ == 1 ? key_ : inner_) = std::move(text);
    return;
  }
  if (depth_ == 2 && key_ == "user_message_uuids") {
    if (!text.empty() && found_.user_message_uuids.size() < max_uuids)
      found_.user_message_uuids.push_back(std::move(text));
    return;
  }
  if (too_long_ && key_ == "result")
    found_.result_too_long = true;
  *slot() = std::move(text);
  if (depth_ == 1 && key_ == "type" && uninteresting())
    mode_ = mode::done;
}

void envelope_scanner::end_literal() {
  auto text = std::exchange(literal_, {});
  if (text.empty())
    return;
  if (in_usage() || key_ == "total_cost_usd")
    end_number(text);
  else if (key_ == "is_error")
    found_.is_error = text == "true";
  else if (key_ == "isReplay")
    found_.is_replay = text == "true";
}

bool envelope_scanner::in_usage() const {
  return depth_ == 2 && key_ == "usage" && !in_array_;
}

void envelope_scanner::end_number(const std::string& text) {
  auto read = [&text](auto& into) {
    std::from_chars(text.data(), text.data() + text.size(), into);
  };
  auto& bill = found_.bill;
  if (depth_ == 1)
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
  if (depth_ == 2) {
    if (key_ == "response" && !in_array_ && inner_ == "request_id")
      return &found_.request_id;
    if (key_ == "errors" && in_array_ && found_.first_error.empty())
      return &found_.first_error;
    if (key_ == "user_message_uuids" && in_array_)
      return &current_;
    return nullptr;
  }
  if (key_ == "type")
    return &found_.type;
  if (key_ == "subtype")
    return &found_.subtype;
  if (key_ == "session_id")
    return &found_.session_id;
  if (key_ == "uuid")
    return &found_.uuid;
  if (key_ == "request_id")
    return &found_.request_id;
  if (key_ == "command_uuid")
    return &found_.command_uuid;
  if (key_ == "state")
    return &found_.state;
  if (key_ == "result" && limits_.max_result > 0)
    return &found_.result;
  return nullptr;
}

std::size_t envelope_scanner::slot_limit() const {
  if (expect_key_)
    return max_key;
  return depth_ == 1 && key_ == "result" ? limits_.max_result
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
