#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent::codec {

/// What a member of a JSON object is.
enum class shape : std::uint8_t { absent, null, string, object, array, other };

/// The outline of a line of JSON: the kinds of the members that matter, and the
/// few values that are needed. If two members have the same name, the last one
/// counts, as in JavaScript.
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
  bool bad_block = false; ///< a content block that Claude Code would swallow
};

/// Reads `line`, a JSON object. Returns what is wrong with its JSON and where,
/// or an empty string. Does not quote: it may be a prompt.
std::string read_outline(std::string_view line, input_outline& out);

} // namespace container_agent::codec
