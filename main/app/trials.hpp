#pragma once

#include "main/app/checks.hpp"

#include <string>
#include <system_error>

/// What is found out by trying it, and leaves nothing behind. To ask access(2)
/// would not do: a read-only file system, a security module or a seccomp
/// profile may decide otherwise when it comes to it.
namespace container_agent {

/// Opens a file for appending, or looks whether it could be made.
std::error_code try_to_append(const std::string& path);

/// Makes a file without a name in a folder.
std::error_code try_to_make_in(const std::string& folder);

/// Without pidfd_open(2) the agent can't be. For others that an old seccomp
/// profile or a sandbox may deny (faccessat2, close_range, splice, tee) there
/// is a way around; a warning says what it costs.
finding check_system_calls(const options& settings);

finding check_log_file(const std::string& path);
finding check_trace_file(const std::string& path);

/// Where dumps of the trace go: without it the agent does all else.
finding check_trace_directory(const std::string& path);

/// Where the conversation is kept.
finding check_state_directory(const options& settings);

} // namespace container_agent
