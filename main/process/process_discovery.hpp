#pragma once

#include "actors/core/ports.hpp"
#include "main/process/attach_policy.hpp"
#include "main/process/process_table.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::runtime {

/// What identifies a command.
struct command_names {
  std::string name;               ///< the last part of the configured command
  std::vector<std::string> paths; ///< the path found, and what it links to
};

/// Looks the command up; does not open its file.
command_names names_of(const child_command& command);

/// Whether a process with this program file and command line runs the command:
/// recognised by its file, by its name, or as a script of a known interpreter.
enum class command_match : std::uint8_t { no, program, script };
command_match match_command(const command_names& names,
                            std::string_view executable,
                            const std::vector<std::string>& command_line);

/// Whether a command line asks for print mode with stream-json both ways.
bool asks_for_stream_json(const std::vector<std::string>& command_line);

/// Finds running processes that the agent could attach to.
class process_discovery {
public:
  /// `claude`: candidates must use stream-json; otherwise any program will do.
  /// `self` and `user` are the agent's.
  process_discovery(const process_table& table, bool claude, std::int32_t self,
                    std::uint32_t user);

  /// Looks at all processes, except for the agent and its ancestors, those that
  /// another container-agent runs, and those that a candidate has started.
  attach_policy find(const command_names& names) const;

  /// Looks only at this process, whatever its name.
  attach_policy find(std::int32_t pid) const;

private:
  struct match;

  std::vector<match> matches(const command_names& names) const;
  void drop_kin(std::vector<match>& found) const;
  claude_candidate describe(const process_info& info, bool stream_json) const;
  void add_users(claude_candidate& candidate) const;
  std::int32_t agent_above(const process_info& info) const;
  bool is_below_shim(const process_info& info) const;
  bool is_agent(std::int32_t pid) const;
  bool descends(std::int32_t pid, std::int32_t from) const;

  const process_table& table_;
  bool claude_;
  std::int32_t self_;
  std::uint32_t user_;
};

} // namespace container_agent::runtime
