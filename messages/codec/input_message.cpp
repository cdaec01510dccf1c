#include "messages/codec/input_message.hpp"

#include "messages/codec/json_reader.hpp"
#include "messages/codec/json_start.hpp"
#include "messages/codec/json_writer.hpp"
#include "messages/visible_text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace container_agent::codec {

namespace {

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

outcome refuse_bytes() {
  return refuse("invalid_utf8",
                "the line is not valid UTF-8: send it in that encoding");
}

/// What matters of a host's line.
struct outline {
  std::string type;
  std::string subtype;
  json_part uuid;
  json_part request_id;
  json_part text;
  json_kind message = json_kind::absent;
  std::string role;
  json_kind content = json_kind::absent;
  bool bad_block = false; ///< a content block that Claude Code would swallow
  json_kind request = json_kind::absent;
  json_part request_subtype;
  json_kind response = json_kind::absent;
  std::string response_id;

  // The content block that is being read.
  std::string block_type;
  json_kind block_text = json_kind::absent;
  bool in_block = false;

  void end_block() {
    auto lacks_text = block_type == "text" && block_text != json_kind::string;
    bad_block |= in_block && (block_type.empty() || lacks_text);
    in_block = false;
  }
};

void begin_block(outline& line, json_value& value) {
  line.end_block();
  line.in_block = value.what == json_kind::object;
  line.bad_block |= !line.in_block;
  line.block_text = json_kind::absent;
  line.block_type.clear();
}

void begin_content(outline& line, json_value& value) {
  value.get(line.content);
  line.bad_block = line.in_block = false;
}

// Of two members with the same name the last one counts, whole.
void begin_message(outline& line, json_value& value) {
  value.get(line.message);
  line.role.clear();
  line.content = json_kind::absent;
  line.bad_block = line.in_block = false;
}

template <auto Member, auto Inner>
void begin(outline& line, json_value& value) {
  value.get(line.*Member);
  line.*Inner = {};
}

// The texts of a prompt are not copied.
constexpr auto outline_wishes = std::to_array<json_wish>({
  {1, "type", into<&outline::type>},
  {1, "subtype", into<&outline::subtype>},
  {1, "uuid", into<&outline::uuid>},
  {1, "request_id", into<&outline::request_id>},
  {1, "text", into<&outline::text>},
  {1, "message", by<outline, begin_message>},
  {2, "role", into<&outline::role>},
  {2, "content", by<outline, begin_content>, true},
  {3, "[]", by<outline, begin_block>, true},
  {4, "type", into<&outline::block_type>},
  {4, "text", into<&outline::block_text>, true},
  {1, "request",
   by<outline, begin<&outline::request, &outline::request_subtype>>},
  {2, "subtype", into<&outline::request_subtype>},
  {1, "response",
   by<outline, begin<&outline::response, &outline::response_id>>},
  {2, "request_id", into<&outline::response_id>},
});

/// Returns what is wrong with the line's JSON, or an empty text.
std::string read_outline(std::string_view text, outline& line) {
  json_reader reader{outline_wishes, &line, {.max_long_text = 0}};
  reader.feed(text);
  reader.finish();
  line.end_block();
  return reader.fault();
}

outcome misshapen(const outline& line, std::string detail) {
  return refuse("invalid_json", std::move(detail), line.uuid.text);
}

std::string user_message(std::string_view text) {
  std::string line;
  json_writer{line}
    .open('{')
    .word("type", "user")
    .key("message")
    .open('{')
    .word("role", "user")
    .put("content", text)
    .close('}')
    .close('}');
  return line;
}

outcome read_text(std::string_view line) {
  return input_message{input_message::kind::prompt, {}, {}, user_message(line)};
}

bool usable_uuid(const outline& line) {
  const auto& [what, text] = line.uuid;
  return what == json_kind::absent || what == json_kind::null
         || (what == json_kind::string && !text.empty()
             && text.size() <= max_uuid_bytes);
}

outcome read_user(const outline& line, std::string_view text) {
  if (line.message != json_kind::object)
    return misshapen(line, "a user message needs an object `message`");
  if (line.role != "user")
    return misshapen(line, "`message.role` must be \"user\"");
  if (line.content != json_kind::string && line.content != json_kind::array)
    return misshapen(line, "`message.content` must be a string or an array of "
                           "content blocks");
  if (line.bad_block)
    return misshapen(line, "each block of `message.content` must be an object "
                           "with a `type`, and a text block needs a `text`");
  return input_message{
    input_message::kind::prompt, line.uuid.text, {}, std::string{text}};
}

outcome read_control(const outline& line, std::string_view text) {
  using kind = input_message::kind;
  if (line.type == "control_response") {
    if (line.response != json_kind::object || line.response_id.empty())
      return misshapen(line, "a control_response needs `response.request_id`");
    return input_message{
      kind::control_response, {}, line.response_id, std::string{text}};
  }
  if (line.request_id.text.empty())
    return misshapen(line, "a " + line.type + " needs a `request_id`");
  if (line.request_id.text.starts_with(own_request_prefix))
    return misshapen(line, "`request_id`s that begin with `"
                             + std::string{own_request_prefix}
                             + "` are the agent's own");
  if (line.type == "control_cancel_request")
    return input_message{
      kind::control_cancel, {}, line.request_id.text, std::string{text}};
  if (line.request != json_kind::object
      || line.request_subtype.what != json_kind::string)
    return misshapen(line, "a control_request needs `request.subtype`");
  return input_message{
    kind::control_request, {}, line.request_id.text, std::string{text}};
}

outcome read_own(const outline& line) {
  using kind = input_message::kind;
  if (line.subtype == "status")
    return input_message{kind::status_request, {}, {}, {}};
  if (line.subtype != "prompt")
    return refuse("unknown_type",
                  "container_agent knows the subtypes prompt and status, not "
                    + quoted(line.subtype),
                  line.uuid.text);
  if (line.text.what != json_kind::string)
    return misshapen(line, "a prompt needs a string `text`");
  auto message = user_message(line.text.text);
  if (!line.uuid.text.empty())
    message = with_uuid(message, line.uuid.text);
  return input_message{kind::prompt, line.uuid.text, {}, std::move(message)};
}

/// What to do about text that is no JSON.
std::string_view advice(std::string_view text, input_format format) {
  if (format == input_format::stream_json)
    return "; send each message as one line of JSON";
  bracket_count brackets;
  brackets.feed(text);
  return brackets.closed()
           ? "; to send it as text, use --input-format text"
           : "; the lines up to where its brackets close are refused with it; "
             "to send them as text, use --input-format text";
}

outcome read_json(std::string_view text, input_format format) {
  outline line;
  std::string fault;
  if (auto at = text.find('\0'); at != std::string_view::npos)
    fault = "NUL at byte " + std::to_string(at);
  else if (start_of(text) != json_start::object)
    fault = "not a JSON object";
  else
    fault = read_outline(text, line);
  if (fault.empty() && text.substr(0, text.size() - 1).find('\n') != text.npos)
    fault = "more than one line";
  if (!fault.empty())
    return misshapen(line, (fault += advice(text, format)));
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
                (type.empty() ? "no `type`" : "type " + quoted(type))
                  + "; send user, container_agent, control_request, "
                    "control_response, control_cancel_request, keep_alive or "
                    "update_environment_variables",
                line.uuid.text);
}

/// Bytes at the front that are ASCII, by eights: most of most lines.
std::size_t ascii_front(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t eight = 0; at + sizeof eight <= text.size();
       at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & 0x8080808080808080ULL) != 0)
      break;
  }
  return at;
}

} // namespace

std::variant<input_message, input_fault> read_input(std::string_view line,
                                                    input_format format) {
  line = without_mark(line);
  auto is_json = format == input_format::stream_json
                 || (format == input_format::automatic
                     && start_of(line) != json_start::text);
  if (!is_json)
    return is_valid_utf8(line) ? read_text(line) : refuse_bytes();
  auto result = read_json(line, format);
  // The parser takes no other bytes, but calls them a fault of the JSON.
  return std::holds_alternative<input_fault>(result) && !is_valid_utf8(line)
           ? refuse_bytes()
           : result;
}

std::string with_uuid(std::string_view line, std::string_view uuid) {
  return with_member(line, "uuid", uuid);
}

std::string with_member(std::string_view line, std::string_view name,
                        std::string_view text) {
  // As the last member: of two with the same name, the last one counts, so
  // this also replaces a `"uuid":null`.
  auto end = line.rfind('}');
  std::string result;
  result.reserve(line.size() + name.size() + text.size() + 16);
  result.append(line.substr(0, end));
  json_writer{result}.put(name, text);
  result.append(line.substr(end));
  return result;
}

std::string with_notice(std::string_view line) {
  auto message = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!message.is_object() || !message.contains("message")
      || !message["message"].is_object()
      || !message["message"].contains("content"))
    return std::string{line};
  auto& content = message["message"]["content"];
  if (content.is_string())
    content
      = content.get<std::string>() + "\n\n" + std::string{interrupted_notice};
  else if (content.is_array())
    content.push_back({{"type", "text"}, {"text", interrupted_notice}});
  return message.dump() + '\n';
}

std::string prompt_line(std::string_view text, std::string_view uuid) {
  return with_uuid(user_message(text), uuid) + '\n';
}

bool is_valid_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_front(text));
    if (text.empty())
      return true;
    auto length = utf8_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
}

std::string make_uuid(std::uint64_t high, std::uint64_t low) {
  high = (high & ~0xf000ULL) | 0x4000ULL;     // version 4
  low = (low & ~(3ULL << 62)) | (2ULL << 62); // RFC 4122 variant
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text{"00000000-0000-0000-0000-000000000000"};
  auto at = text.end();
  for (auto half : {low, high})
    for (int count = 0; count < 16; ++count, half >>= 4) {
      if (*--at == '-')
        --at;
      *at = digits[half & 15];
    }
  return text;
}

} // namespace container_agent::codec
