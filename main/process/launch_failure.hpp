#pragma once

#include "actors/core/ports.hpp"

#include <string>
#include <system_error>
#include <vector>

namespace container_agent::runtime {

/// The result of looking for a program: its path, or why there is none.
struct program_lookup {
  std::string path; ///< empty if there is none
  std::error_code error;
  std::string reason; ///< for a user, if there is none
};

/// Finds `command.program` as a shell would, but in the PATH of the command's
/// own environment. A relative folder in PATH is relative to the command's
/// directory. A program name with a slash is used unchanged.
program_lookup find_program(const child_command& command);

/// The folders of the command's own PATH.
std::vector<std::string> folders_in_path(const child_command& command);

/// The step at which a new process failed. ENOENT alone would not distinguish a
/// missing folder from a missing program.
enum class launch_step : int { exec, directory, setup };

/// Explains to a user why the program at `path` could not be run, given the
/// system's error at that step. Looks into the file: ENOENT for an existing
/// file means that its interpreter is missing.
std::string describe_launch_failure(const child_command& command,
                                    const std::string& path, launch_step where,
                                    const std::error_code& error);

/// The result of a failed launch, with a text for a user.
child_process::launch_result launch_failed(const child_command& command,
                                           std::error_code error,
                                           const std::string& reason);

} // namespace container_agent::runtime
