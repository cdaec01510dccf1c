#pragma once

#include "messages/payloads.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The agent's own lines on the output, as docs/protocol.md lists them: each a
/// JSON object with `"type":"container_agent"`, `subtype` and `time`, and a LF.
namespace container_agent::codec {

using time_point = std::chrono::system_clock::time_point;

std::string ready_record(time_point time, const child_started& child,
                         std::string_view session_id);

std::string accepted_record(time_point time, std::string_view uuid,
                            std::uint64_t position, bool duplicate);

/// `text`: what was refused, of which the record shows the first bytes.
std::string rejected_record(time_point time, std::string_view reason,
                            std::string_view detail, std::uint64_t line,
                            std::string_view uuid, std::string_view text);

/// Of a line that was refused, so many bytes are shown.
inline constexpr std::size_t max_excerpt = 80;

/// They, as a text that moves no cursor.
std::string excerpt_of(std::string_view text);

std::string claude_exited_record(time_point time, const child_ended& child,
                                 std::string_view uuid);

std::string restarting_record(time_point time, const restart_scheduled& plan);

std::string resent_record(time_point time, std::string_view uuid,
                          std::uint32_t attempt);

std::string failed_record(time_point time, std::string_view uuid,
                          std::string_view reason, std::string_view detail);

/// `reason`: why it could not be resumed.
std::string session_lost_record(time_point time, std::string_view session_id,
                                std::string_view reason);

/// `continue_uuid`: of the agent's own prompt, by which Claude goes on.
std::string continued_record(time_point time, std::string_view uuid,
                             std::string_view continue_uuid,
                             std::uint32_t attempt);

/// What a new Claude was given back of what the host had set.
struct restored_things {
  bool initialize = false;           ///< the host's own
  std::vector<std::string> settings; ///< subtypes
  std::vector<std::string> refused;  ///< likewise
  std::string detail;                ///< what follows from that, if anything
};

std::string restored_record(time_point time, const restored_things& what);

std::string permission_timed_out_record(time_point time,
                                        std::string_view request_id,
                                        std::string_view tool,
                                        std::chrono::milliseconds after);

/// `document` is a JSON object; its members stand beside the record's own.
std::string status_record(time_point time, std::string_view document);

std::string stopping_record(time_point time, std::string_view reason);

/// A control request of the agent's own, for Claude, with LF.
std::string control_request_line(std::string_view request_id,
                                 std::string_view subtype);

} // namespace container_agent::codec
