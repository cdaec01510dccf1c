#include "messages/codec/envelope.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace container_agent;
using container_agent::codec::envelope;
using container_agent::test::require;

namespace {

bool same(const envelope& a, const envelope& b) {
  return a.type == b.type && a.subtype == b.subtype
         && a.session_id == b.session_id && a.uuid == b.uuid
         && a.request_id == b.request_id && a.command_uuid == b.command_uuid
         && a.state == b.state && a.result == b.result
         && a.first_error == b.first_error
         && a.user_message_uuids == b.user_message_uuids
         && a.is_error == b.is_error && a.is_replay == b.is_replay
         && a.is_object == b.is_object
         && a.result_too_long == b.result_too_long;
}

/// The member `name`, if it is a string that the scanner would keep.
std::string text_of(const nlohmann::json& line, const char* name) {
  auto at = line.find(name);
  if (at == line.end() || !at->is_string())
    return {};
  return at->get<std::string>();
}

/// A whole JSON object: each member is what another parser says.
void compare_with_parser(std::string_view text, const envelope& found) {
  auto too_deep = false;
  auto watch
    = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        too_deep |= depth >= static_cast<int>(codec::max_json_depth);
        return true;
      };
  auto line = nlohmann::json::parse(text, watch, false);
  if (!line.is_object() || too_deep)
    return;
  require(found.is_object, "an object is seen as one");
  require(found.type == text_of(line, "type"), "type");
  if (found.type == "assistant" || found.type == "stream_event")
    return; // the scan ends early
  // An answer to a control request has it within `response`.
  if (!line.contains("response"))
    require(found.subtype == text_of(line, "subtype"), "subtype");
  require(found.session_id == text_of(line, "session_id"), "session_id");
  require(found.uuid == text_of(line, "uuid"), "uuid");
  require(found.command_uuid == text_of(line, "command_uuid"), "command_uuid");
  require(found.state == text_of(line, "state"), "state");
  require(found.result == text_of(line, "result"), "result");
  require(found.is_error == (line.value("is_error", nlohmann::json{}) == true),
          "is_error");
  require(found.is_replay == (line.value("isReplay", nlohmann::json{}) == true),
          "isReplay");
}

} // namespace

/// Whatever the child writes: no crash, and the same findings whether the line
/// comes whole or byte by byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  test::fuzz_input input{data, size};
  auto seed = input.byte();
  codec::envelope_scanner::limits limits{.max_value = 4096,
                                         .max_result = 1U << 20};
  codec::envelope_scanner whole{limits};
  whole.feed(input.rest());
  auto found = whole.finish();

  codec::envelope_scanner pieces{limits};
  for (int turn = 0; turn < 2; ++turn) { // a scanner is used again
    test::in_pieces(input.rest(), seed,
                    [&](std::string_view piece) { pieces.feed(piece); });
    require(same(pieces.finish(), found), "pieces make no difference");
  }
  if (size < 4096)
    compare_with_parser(input.rest(), found);

  codec::envelope_scanner tight{{.max_value = 8, .max_result = 0}};
  tight.feed(input.rest());
  auto little = tight.finish();
  require(little.type.size() <= 8 && little.uuid.size() <= 8,
          "values stay within the limit");
  require(little.result.empty(), "no result unless asked for");
  return 0;
}
