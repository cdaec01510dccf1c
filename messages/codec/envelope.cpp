#include "messages/codec/envelope.hpp"

#include <array>
#include <utility>

namespace container_agent::codec {

namespace {

// Claude names at most the prompts that were in flight.
constexpr std::size_t max_uuids = 1024;

void take_type(envelope& e, json_value& value) {
  value.get(e.type);
  value.is_last = e.type == "assistant" || e.type == "stream_event";
}

void take_result(envelope& e, json_value& value) {
  value.get(e.result);
  e.result_too_long = value.what == json_kind::too_long;
}

void take_error(envelope& e, json_value& value) {
  if (e.first_error.empty())
    value.get(e.first_error);
}

void take_prompt(envelope& e, json_value& value) {
  std::string uuid;
  value.get(uuid);
  if (!uuid.empty() && e.user_message_uuids.size() < max_uuids)
    e.user_message_uuids.push_back(std::move(uuid));
}

constexpr auto envelope_wishes = std::to_array<json_wish>({
  {1, "type", by<envelope, take_type>},
  {1, "subtype", into<&envelope::subtype>},
  {1, "session_id", into<&envelope::session_id>},
  {1, "uuid", into<&envelope::uuid>},
  {1, "request_id", into<&envelope::request_id>},
  {1, "command_uuid", into<&envelope::command_uuid>},
  {1, "state", into<&envelope::state>},
  {1, "status", into<&envelope::status>},
  {1, "permissionMode", into<&envelope::permission_mode>},
  {1, "isReplay", into<&envelope::is_replay>},
  {1, "is_error", into<&envelope::is_error>},
  {1, "result", by<envelope, take_result>, true},
  {1, "response"},
  {2, "subtype", into<&envelope::subtype>},
  {2, "request_id", into<&envelope::request_id>},
  {2, "error", into<&envelope::first_error>},
  {1, "errors"},
  {2, "[]", by<envelope, take_error>},
  {1, "user_message_uuids"},
  {2, "[]", by<envelope, take_prompt>},
  {1, "origin"},
  {2, "kind", into<&envelope::origin>},
  {1, "total_cost_usd", into<&envelope::bill, &claude_bill::dollars>},
  {1, "usage"},
  {2, "input_tokens", into<&envelope::bill, &claude_bill::input_tokens>},
  {2, "output_tokens", into<&envelope::bill, &claude_bill::output_tokens>},
  {2, "cache_read_input_tokens",
   into<&envelope::bill, &claude_bill::cache_read_tokens>},
  {2, "cache_creation_input_tokens",
   into<&envelope::bill, &claude_bill::cache_creation_tokens>},
});

} // namespace

envelope_scanner::envelope_scanner(limits l)
  : wants_result_{l.max_result > 0},
    reader_{envelope_wishes,
            &found_,
            {.lenient = true,
             .ignores_rest = true,
             .max_text = l.max_value,
             .max_long_text = l.max_result}} {}

void envelope_scanner::feed(std::string_view piece) {
  // Of most lines this is all that is looked at.
  constexpr std::size_t beginning = 33;
  if (lead_ != lead::over) {
    while (!piece.empty() && leads(piece.front()))
      piece.remove_prefix(1);
    if (piece.empty())
      return;
    lead_ = lead::over;
    reader_.feed(piece.substr(0, beginning));
    piece.remove_prefix(std::min(beginning, piece.size()));
  }
  reader_.feed(piece);
}

envelope envelope_scanner::finish() {
  reader_.finish();
  found_.is_object = reader_.root() == json_kind::object
                     && reader_.now() != json_reader::state::wrong;
  found_.result_too_long &= wants_result_;
  reader_.reset();
  lead_ = lead::none;
  return std::exchange(found_, {});
}

// Nothing of it shows on a screen: a byte order mark, control characters, and a
// terminal's escape sequences (ECMA-48: CSI, OSC and the short ones).
bool envelope_scanner::leads(char c) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  auto& state = lead_;
  switch (std::exchange(state, lead::none)) {
    case lead::over: break;
    case lead::none:
      if (c == '\x1b')
        state = lead::escape;
      return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'
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

envelope read_envelope(std::string_view line, std::size_t max_result) {
  envelope_scanner scanner{{.max_result = max_result}};
  scanner.feed(line);
  return scanner.finish();
}

} // namespace container_agent::codec
