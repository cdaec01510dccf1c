#include "messages/codec/input_message.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/nowide/utf/utf.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace container_agent::codec {

namespace {

enum class shape : std::uint8_t { absent, null, string, object, array, other };

// What a line of JSON says of itself: kinds of the members that matter, and
// the few values that are needed.
struct input_outline {
  std::string type;
  std::string subtype;
  std::string uuid;
  std::string request_id;
  std::string text;
  std::string role;
  std::string response_id;
  shape uuid_shape = shape::absent;
  shape request_id_shape = shape::absent;
  shape text_shape = shape::absent;
  shape message_shape = shape::absent;
  shape content_shape = shape::absent;
  shape request_shape = shape::absent;
  shape request_subtype_shape = shape::absent;
  shape response_shape = shape::absent;
  bool bad_block = false; // a content block that Claude Code would swallow
};

// Receives a line's values one by one from Boost.JSON's parser, so that nothing
// is built that is not wanted. All handlers return false to end the parse.
class outline_reader {
public:
  using code = boost::json::error_code;
  using text_part = boost::json::string_view;

  // The line's length is limited already.
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  explicit outline_reader(input_outline& out) : out_{out} {}

  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return open(shape::object); }
  bool on_object_end(std::size_t, code&) { return close_object(); }
  bool on_array_begin(code&) { return open(shape::array); }

  bool on_array_end(std::size_t, code&) {
    --depth_;
    return true;
  }

  bool on_key_part(text_part part, std::size_t, code&) {
    if (depth_ <= keys_.size() && key_.size() <= max_key)
      key_.append(part.data(), part.size());
    return true;
  }

  bool on_key(text_part part, std::size_t size, code& error) {
    on_key_part(part, size, error);
    if (depth_ <= keys_.size())
      std::swap(keys_[depth_ - 1], key_);
    key_.clear();
    return true;
  }

  bool on_string_part(text_part part, std::size_t, code&) {
    if (wants_string())
      string_.append(part.data(), part.size());
    return true;
  }

  bool on_string(text_part part, std::size_t size, code& error) {
    on_string_part(part, size, error);
    scalar(shape::string, &string_);
    string_.clear();
    return true;
  }

  bool on_number_part(text_part, code&) { return true; }
  bool on_int64(std::int64_t, text_part, code&) { return other(); }
  bool on_uint64(std::uint64_t, text_part, code&) { return other(); }
  bool on_double(double, text_part, code&) { return other(); }
  bool on_bool(bool, code&) { return other(); }
  bool on_comment_part(text_part, code&) { return true; }
  bool on_comment(text_part, code&) { return true; }

  bool on_null(code&) {
    scalar(shape::null, nullptr);
    return true;
  }

private:
  // Longer keys are none of ours.
  static constexpr std::size_t max_key = 32;

  bool other() {
    scalar(shape::other, nullptr);
    return true;
  }

  bool wants_string() const {
    if (depth_ == 2)
      return keys_[1] == "role" || keys_[1] == "request_id";
    return depth_ == 1 || (in_block() && keys_[3] == "type");
  }

  bool close_object() {
    if (in_block()
        && (!block_has_type_ || (block_is_text_ && !block_has_text_)))
      out_.bad_block = true;
    --depth_;
    return true;
  }

  // Depth 1 holds the members of the line, 2 those of `message`, 3 the blocks
  // of `content` (an array, so without keys), 4 a block's members.
  void scalar(shape what, std::string* text) {
    if (depth_ == 1)
      top_member(what, text);
    else if (depth_ == 2)
      inner_member(what, text);
    else if (depth_ == 3 && in_content())
      out_.bad_block = true; // blocks are objects
    else if (in_block())
      block_member(what, text);
  }

  bool open(shape what) {
    if (depth_ == 3 && in_content())
      out_.bad_block = out_.bad_block || what != shape::object;
    else
      scalar(what, nullptr);
    ++depth_;
    if (depth_ <= keys_.size())
      keys_[depth_ - 1].clear();
    if (in_block())
      block_has_type_ = block_is_text_ = block_has_text_ = false;
    return true;
  }

  bool in_content() const {
    return keys_[0] == "message" && keys_[1] == "content"
           && out_.content_shape == shape::array;
  }

  bool in_block() const { return depth_ == 4 && in_content(); }

  void top_member(shape what, std::string* text) {
    const auto& name = keys_[0];
    if (name == "type")
      take(out_.type, text);
    else if (name == "subtype")
      take(out_.subtype, text);
    else if (name == "uuid")
      take(out_.uuid, text), out_.uuid_shape = what;
    else if (name == "request_id")
      take(out_.request_id, text), out_.request_id_shape = what;
    else if (name == "text")
      take(out_.text, text), out_.text_shape = what;
    else if (name == "message")
      out_.message_shape = what, out_.role.clear(),
      out_.content_shape = shape::absent, out_.bad_block = false;
    else if (name == "request")
      out_.request_shape = what;
    else if (name == "response")
      out_.response_shape = what;
  }

  void inner_member(shape what, std::string* text) {
    const auto& outer = keys_[0];
    const auto& name = keys_[1];
    if (outer == "message" && name == "role")
      take(out_.role, text);
    else if (outer == "message" && name == "content")
      out_.content_shape = what, out_.bad_block = false;
    else if (outer == "request" && name == "subtype")
      out_.request_subtype_shape = what;
    else if (outer == "response" && name == "request_id")
      take(out_.response_id, text);
  }

  void block_member(shape what, std::string* text) {
    if (keys_[3] == "type" && what == shape::string) {
      block_has_type_ = true;
      block_is_text_ = *text == "text";
    } else if (keys_[3] == "text") {
      block_has_text_ = what == shape::string;
    }
  }

  static void take(std::string& to, std::string* text) {
    to = text ? std::move(*text) : std::string{};
  }

  input_outline& out_;
  std::size_t depth_ = 0;
  std::array<std::string, 4> keys_;
  std::string key_;    // the one being read
  std::string string_; // the same
  bool block_has_type_ = false;
  bool block_is_text_ = false;
  bool block_has_text_ = false;
};

using outcome = std::variant<input_message, input_fault>;

// More of a word than this is not quoted: it may be as long as the line.
constexpr std::size_t max_quote = 64;

std::string quoted(const std::string& word) {
  return '"'
         + (word.size() <= max_quote ? word : word.substr(0, max_quote) + "…")
         + '"';
}

outcome refuse(std::string reason, std::string detail, std::string uuid = {}) {
  if (uuid.size() > max_uuid_bytes)
    uuid.clear();
  return input_fault{std::move(reason), std::move(detail), std::move(uuid)};
}

outcome misshapen(const input_outline& line, std::string detail) {
  return refuse("invalid_json", std::move(detail), line.uuid);
}

std::string user_message(const std::string& text) {
  nlohmann::ordered_json line;
  line["type"] = "user";
  line["message"] = {{"role", "user"}, {"content", text}};
  return line.dump();
}

outcome read_text(std::string_view line) {
  return input_message{
    input_message::kind::prompt, {}, {}, user_message(std::string{line})};
}

bool usable_uuid(const input_outline& line) {
  return line.uuid_shape == shape::absent || line.uuid_shape == shape::null
         || (line.uuid_shape == shape::string && !line.uuid.empty()
             && line.uuid.size() <= max_uuid_bytes);
}

outcome read_user(const input_outline& line, std::string_view text) {
  if (line.message_shape != shape::object)
    return misshapen(line, "a user message needs an object `message`");
  if (line.role != "user")
    return misshapen(line, "`message.role` must be \"user\"");
  if (line.content_shape != shape::string && line.content_shape != shape::array)
    return misshapen(line, "`message.content` must be a string or an array of "
                           "content blocks");
  if (line.bad_block)
    return misshapen(line, "each block of `message.content` must be an object "
                           "with a `type`, and a text block needs a `text`");
  return input_message{
    input_message::kind::prompt, line.uuid, {}, std::string{text}};
}

outcome read_control(const input_outline& line, std::string_view text) {
  using kind = input_message::kind;
  if (line.type == "control_response") {
    if (line.response_shape != shape::object || line.response_id.empty())
      return misshapen(line, "a control_response needs `response.request_id`");
    return input_message{
      kind::control_response, {}, line.response_id, std::string{text}};
  }
  if (line.request_id_shape != shape::string || line.request_id.empty())
    return misshapen(line, "a " + line.type + " needs a `request_id`");
  if (line.request_id.starts_with(own_request_prefix))
    return misshapen(line, "`request_id`s that begin with `"
                             + std::string{own_request_prefix}
                             + "` are the agent's own");
  if (line.type == "control_cancel_request")
    return input_message{
      kind::control_cancel, {}, line.request_id, std::string{text}};
  if (line.request_shape != shape::object
      || line.request_subtype_shape != shape::string)
    return misshapen(line, "a control_request needs `request.subtype`");
  return input_message{
    kind::control_request, {}, line.request_id, std::string{text}};
}

outcome read_own(const input_outline& line) {
  using kind = input_message::kind;
  if (line.subtype == "status")
    return input_message{kind::status_request, {}, {}, {}};
  if (line.subtype != "prompt")
    return refuse("unknown_type",
                  "container_agent knows the subtypes prompt and status, not "
                    + quoted(line.subtype),
                  line.uuid);
  if (line.text_shape != shape::string)
    return misshapen(line, "a prompt needs a string `text`");
  auto message = user_message(line.text);
  if (!line.uuid.empty())
    message = with_uuid(message, line.uuid);
  return input_message{kind::prompt, line.uuid, {}, std::move(message)};
}

// What is wrong with the JSON, or nothing. Says where, but does not quote: it
// may be a prompt.
std::string outline(std::string_view text, input_outline& line) {
  boost::json::parse_options options;
  options.max_depth = max_json_depth;
  boost::json::basic_parser<outline_reader> parser{options, line};
  boost::json::error_code error;
  auto read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && text.find_first_not_of(" \t\r", read) != std::string_view::npos)
    error = boost::json::error::extra_data;
  if (error == boost::json::error::too_deep)
    return "nested deeper than " + std::to_string(max_json_depth) + " levels";
  return error ? error.message() + " at byte " + std::to_string(read) : "";
}

outcome read_json(std::string_view text) {
  if (auto at = text.find('\0'); at != std::string_view::npos)
    return refuse("invalid_json", "NUL at byte " + std::to_string(at));
  if (auto at = text.find_first_not_of(" \t\r");
      at == std::string_view::npos || text[at] != '{')
    return refuse("invalid_json", "not a JSON object");
  input_outline line;
  if (auto fault = outline(text, line); !fault.empty())
    return misshapen(line, std::move(fault));
  if (!usable_uuid(line))
    return misshapen(line, "`uuid` must be a string of 1 to "
                             + std::to_string(max_uuid_bytes) + " bytes");
  const auto& type = line.type;
  if (type == "user")
    return read_user(line, text);
  if (type == "control_request" || type == "control_response"
      || type == "control_cancel_request")
    return read_control(line, text);
  if (type == "container_agent")
    return read_own(line);
  if (type == "keep_alive" || type == "update_environment_variables")
    return input_message{
      input_message::kind::passthrough, {}, {}, std::string{text}};
  return refuse("unknown_type",
                type.empty() ? "no `type`" : "type " + quoted(type), line.uuid);
}

} // namespace

std::variant<input_message, input_fault> read_input(std::string_view line,
                                                    input_format format) {
  if (!is_valid_utf8(line))
    return refuse("invalid_utf8", "the line is not valid UTF-8");
  auto first = line.find_first_not_of(" \t");
  auto looks_like_json = first != std::string_view::npos && line[first] == '{';
  if (format == input_format::stream_json
      || (format == input_format::automatic && looks_like_json))
    return read_json(line);
  return read_text(line);
}

std::string with_uuid(std::string_view line, std::string_view uuid) {
  // As the last member: of two with the same name, the last one counts, so
  // this also replaces a `"uuid":null`.
  auto end = line.rfind('}');
  std::string result;
  result.reserve(line.size() + uuid.size() + 16);
  result.append(line.substr(0, end));
  result.append(R"(,"uuid":)");
  result.append(nlohmann::json(uuid).dump());
  result.append(line.substr(end));
  return result;
}

bool is_valid_utf8(std::string_view text) {
  using utf8 = boost::nowide::utf::utf_traits<char>;
  auto at = text.begin();
  while (at != text.end()) {
    if (static_cast<unsigned char>(*at) < 0x80) {
      ++at;
      continue;
    }
    auto point = utf8::decode(at, text.end());
    if (point == boost::nowide::utf::illegal
        || point == boost::nowide::utf::incomplete)
      return false;
  }
  return true;
}

std::string make_uuid(std::uint64_t high, std::uint64_t low) {
  high = (high & ~0xf000ULL) | 0x4000ULL;     // version 4
  low = (low & ~(3ULL << 62)) | (2ULL << 62); // RFC 4122 variant
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32),
                static_cast<unsigned>((high >> 16) & 0xffff),
                static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

} // namespace container_agent::codec
