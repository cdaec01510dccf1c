#pragma once

#include <string>
#include <string_view>

/// Lines of Claude Code's protocol that the agent writes itself, in the name of
/// the host or of Claude. Each ends with LF.
namespace container_agent::codec {

/// For the host: Claude no longer waits for the answer to this request.
std::string cancel_request_line(std::string_view request_id);

/// For Claude: the answer to a `can_use_tool`, in the host's place.
std::string deny_tool_line(std::string_view request_id, std::string_view why);

/// For Claude: a request of the agent's own.
std::string control_request_line(std::string_view request_id,
                                 std::string_view subtype);

/// For Claude: ends one of its tasks.
std::string stop_task_line(std::string_view request_id,
                           std::string_view task_id);

/// For the host, in Claude's place: a request that will get no answer.
std::string error_response_line(std::string_view request_id,
                                std::string_view why);

/// For the host, in Claude's place: the end of a turn that will have no other.
std::string error_result_line(std::string_view session_id,
                              std::string_view uuid, std::string_view why);

} // namespace container_agent::codec
