#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace container_agent::codec {

enum class input_format : std::uint8_t {
  automatic, ///< JSON if it looks like JSON: see `json_start`
  text,
  stream_json,
};

/// A line of the host's input that was accepted.
struct input_message {
  enum class kind : std::uint8_t {
    prompt,          ///< a turn for Claude: waits in the queue
    control_request, ///< these three pass the queue
    control_response,
    control_cancel,
    passthrough,    ///< Claude Code's own housekeeping: passes the queue
    status_request, ///< for the agent itself
  };

  kind what = kind::prompt;
  std::string uuid;       ///< of a prompt, empty if the host gave none
  std::string request_id; ///< of control messages
  /// The line for Claude, without LF: the host's own, byte for byte, or made
  /// from a prompt in plain text. Has the `uuid`, if there is one.
  std::string line;
};

/// Why a line is refused. `reason` is one of the protocol's words.
struct input_fault {
  std::string reason;
  std::string detail;
  std::string uuid; ///< if it could be read
};

/// The ids of the agent's own control requests begin with this; a host's must
/// not.
inline constexpr std::string_view own_request_prefix = "container_agent:";

/// Claude Code accepts any string as a uuid. The agent remembers uuids, so it
/// accepts only this many bytes.
inline constexpr std::size_t max_uuid_bytes = 128;

/// Checks a line of input. Must refuse everything that would end Claude Code. A
/// byte order mark at the start is removed.
std::variant<input_message, input_fault> read_input(std::string_view line,
                                                    input_format format);

/// `line`, a JSON object that is not empty, with a `uuid` and otherwise
/// unchanged.
std::string with_uuid(std::string_view line, std::string_view uuid);

/// The same for any other member with a text.
std::string with_member(std::string_view line, std::string_view name,
                        std::string_view text);

/// Is added to a prompt that Claude had begun to answer and has forgotten.
inline constexpr std::string_view interrupted_notice
  = "(You were interrupted when you had begun to work on this, and what you "
    "did is not in this conversation. A tool may have run already: look before "
    "you run it again.)";

/// A prompt's line, with its LF, and this notice after its content; unchanged
/// if it can't be read.
std::string with_notice(std::string_view line);

/// A prompt of the agent's own, for Claude, with LF.
std::string prompt_line(std::string_view text, std::string_view uuid);

bool is_valid_utf8(std::string_view text);

/// A random (version 4) uuid from 128 random bits.
std::string make_uuid(std::uint64_t high, std::uint64_t low);

} // namespace container_agent::codec
