#pragma once

#include "actors/core/ports.hpp"

#include <string>
#include <system_error>
#include <vector>

namespace container_agent::runtime {

/// Where a program was found, or why there is none.
struct program_lookup {
  std::string path; ///< empty if there is none
  std::error_code error;
  std::string reason; ///< for a user, if there is none
};

/// Finds `command.program` as a shell would, but in the PATH of the command's
/// own environment. A relative folder in PATH is relative to the command's
/// directory. A program with a slash is taken as it is.
program_lookup find_program(const child_command& command);

/// The folders that a name is looked for in, as the command's own PATH has
/// them.
std::vector<std::string> folders_in_path(const child_command& command);

/// At which step a new process failed. ENOENT alone would not tell a missing
/// folder from a missing program.
enum class launch_step : int { exec, directory, setup };

/// Why the program at `path` could not be run as the command wants it, for a
/// user, given the system's error at that step. Looks into the file: ENOENT for
/// a file that is there means that its interpreter is not.
std::string describe_launch_failure(const child_command& command,
                                    const std::string& path, launch_step where,
                                    const std::error_code& error);

/// The result of a launch that has failed, in words for a user.
child_process::launch_result launch_failed(const child_command& command,
                                           std::error_code error,
                                           const std::string& reason);

} // namespace container_agent::runtime
