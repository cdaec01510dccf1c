#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is read of a few rare lines of Claude's beyond their `envelope`: these
/// are parsed whole.
namespace container_agent::codec {

/// What a `control_request` of Claude's wants of the host.
struct request_details {
  std::string subtype;

  /// The tool that Claude wants to use, the event of a hook, or the MCP server:
  /// whatever names it best. May be empty.
  std::string tool;

  /// What the tool is to work on: a command, a path, an address. As Claude
  /// wrote it, up to `max_subject` bytes. May be empty.
  std::string subject;
};

/// 4 KiB: more than is ever shown.
inline constexpr std::size_t max_subject = 4096;

/// Empty members if the line is not there whole, or has another shape.
request_details read_request_details(std::string_view line);

/// The tasks that run in the background, as a `background_tasks_changed` lists
/// them. Nothing if the line is no such list.
std::optional<std::vector<std::string>> read_task_ids(std::string_view line);

} // namespace container_agent::codec
