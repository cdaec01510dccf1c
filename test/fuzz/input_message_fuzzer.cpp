#include "messages/codec/input_message.hpp"
#include "messages/codec/json_start.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

using namespace container_agent;
using namespace container_agent::codec;
using container_agent::test::require;
using nlohmann::json;

namespace {

/// What reaches Claude must be a line that it can read: it ends at any other.
void check_prompt(const input_message& message, std::string_view line) {
  auto forwarded = json::parse(message.line, nullptr, false);
  require(forwarded.is_object(), "a prompt is a JSON object");
  require(forwarded["type"] == "user", "a prompt is a user message");
  require(forwarded["message"]["role"] == "user", "its role is user");
  require(message.uuid.size() <= max_uuid_bytes, "the uuid has a limit");
  if (!message.uuid.empty() && message.line == line)
    require(forwarded["uuid"] == message.uuid, "the uuid is the line's");

  auto named
    = json::parse(with_uuid(message.line, "some-uuid"), nullptr, false);
  require(named.is_object() && named["uuid"] == "some-uuid",
          "a prompt can be given a uuid");
  named.erase("uuid");
  forwarded.erase("uuid");
  require(named == forwarded, "and is otherwise untouched");
}

void check_accepted(const input_message& message, std::string_view line) {
  using kind = input_message::kind;
  require(is_valid_utf8(message.line), "only UTF-8 passes");
  require(message.line.find('\n') == std::string::npos, "a line is one line");
  if (message.what == kind::status_request)
    return;
  if (message.what == kind::prompt) {
    check_prompt(message, line);
    return;
  }
  require(message.line == line, "all but prompts pass untouched");
  auto forwarded = json::parse(message.line, nullptr, false);
  require(forwarded.is_object() && forwarded["type"].is_string(),
          "what passes is an object with a type");
  require(message.what == kind::control_response
            || !message.request_id.starts_with(own_request_prefix),
          "the agent's request ids are its own");
}

} // namespace

/// A line of the host: refused with a reason, or fit for Claude.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  test::fuzz_input input{data, size};
  auto format = static_cast<input_format>(input.byte() % 3);
  auto line = input.rest().substr(0, input.rest().find('\n'));
  auto outcome = read_input(line, format);
  if (auto* message = std::get_if<input_message>(&outcome)) {
    check_accepted(*message, without_mark(line));
  } else {
    const auto& fault = std::get<input_fault>(outcome);
    require(fault.reason == "invalid_json" || fault.reason == "invalid_utf8"
              || fault.reason == "unknown_type",
            "a reason of the protocol");
    require(!fault.detail.empty(), "a refusal says why");
    require(format != input_format::text || fault.reason == "invalid_utf8",
            "any text is a prompt");
  }
  return 0;
}
