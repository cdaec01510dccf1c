#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Details of a few rare lines of Claude's, beyond their `envelope`. These
/// lines are parsed whole.
namespace container_agent::codec {

/// What a `control_request` of Claude's asks the host for.
struct request_details {
  std::string subtype;

  /// The best name for it: the tool that Claude wants to use, the event of a
  /// hook, or the MCP server. May be empty.
  std::string tool;

  /// The subject of the tool: a command, a path, an address. Unchanged, up to
  /// `max_subject` bytes. May be empty.
  std::string subject;
};

/// 4 KiB: more than is ever shown.
inline constexpr std::size_t max_subject = 4096;

/// Members are empty if the line is incomplete or has another shape.
request_details read_request_details(std::string_view line);

/// The tasks that run in the background, as a `background_tasks_changed` lists
/// them. Nothing if the line is no such list.
std::optional<std::vector<std::string>> read_task_ids(std::string_view line);

} // namespace container_agent::codec
