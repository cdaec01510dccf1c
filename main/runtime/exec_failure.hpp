#pragma once

#include "actors/ports.hpp"

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

/// Why the folder can't be the child's, for a user; given that chdir(2) failed
/// with `error`.
std::string describe_directory_failure(const std::error_code& error);

/// Why `path` could not be executed, for a user; given that execve(2) failed
/// with `error`. Looks into the file: ENOENT for a file that is there means
/// that its interpreter is not. `directory` is what a relative path is
/// relative to.
std::string describe_exec_failure(const std::string& path,
                                  const std::string& directory,
                                  const std::error_code& error);

} // namespace container_agent::runtime
