#pragma once

#include "messages/codec/json_reader.hpp"
#include "messages/status.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::codec {

/// What the agent needs to know of a line of Claude Code's. The line itself is
/// passed on unchanged, whatever it holds. Only members of the line's own
/// object count, not those of inner objects; if two have the same name, the
/// last one counts, as in JavaScript. A byte order mark and terminal escapes
/// before the object do not hide it.
struct envelope {
  std::string type;
  std::string subtype; ///< top level, or `response.subtype`
  std::string session_id;
  std::string uuid;
  std::string request_id;      ///< top level, or `response.request_id`
  std::string command_uuid;    ///< of a `command_lifecycle`
  std::string state;           ///< of a `command_lifecycle`
  std::string result;          ///< text of a `result`, if it was asked for
  std::string first_error;     ///< of the `errors` of a `result`, or
                               ///< `response.error`
  std::string permission_mode; ///< of a `system` line
  std::string status;          ///< of a `task_notification`
  std::string origin; ///< of a `result`: what began a turn of Claude's own
  std::vector<std::string> user_message_uuids; ///< prompts a `result` answers
  claude_bill bill; ///< of a `result`: dollars of all results of this process
  bool is_error = false;
  bool is_replay = false;
  bool is_object = false;       ///< false: the line is no whole JSON object
  bool result_too_long = false; ///< `result` was wanted, but over the limit
};

/// Reads one line after the other, in pieces as they come: a line of any length
/// needs only the memory of the values kept.
///
/// Claude Code writes `type` first in all lines but `result`, where it comes
/// after the text of the answer. For types that the agent does not need, the
/// reading ends there: these cost a look at their first bytes.
class envelope_scanner {
public:
  /// `max_value`: longer values are dropped (they stay empty). `max_result`:
  /// the same for `result`, which is not wanted if it is 0.
  struct limits {
    std::size_t max_value = 4096;
    std::size_t max_result = 0;
  };

  explicit envelope_scanner(limits l);

  /// Takes the next bytes of the line, without its LF.
  void feed(std::string_view piece);

  /// The line has ended. Returns what was found, and is ready for the next
  /// line.
  envelope finish();

private:
  /// The state of the scan in what may come before the object and shows
  /// nothing.
  enum class lead : std::uint8_t {
    none,
    escape, ///< behind ESC
    parameters,
    title, ///< of the window: ends with BEL or ESC `\`
    title_end,
    over,
  };

  bool leads(char c);

  bool wants_result_;
  lead lead_ = lead::none;
  envelope found_;
  json_reader reader_;
};

/// The envelope of a whole line.
envelope read_envelope(std::string_view line, std::size_t max_result = 0);

} // namespace container_agent::codec
