#pragma once

#include "main/app/checks.hpp"

#include <string>
#include <system_error>

/// Checks that try things out and leave nothing behind. access(2) would not do:
/// a read-only file system, a security module or a seccomp profile may still
/// refuse the real call.
namespace container_agent {

/// Opens a file for appending, or checks whether it could be made.
std::error_code try_to_append(const std::string& path);

/// Makes an unnamed file in a folder.
std::error_code try_to_make_in(const std::string& folder);

/// Without pidfd_open(2) the agent can't run. Other calls that an old seccomp
/// profile or a sandbox may deny (faccessat2, close_range, splice, tee) have a
/// fallback; a warning says what it costs.
finding check_system_calls(const options& settings);

finding check_log_file(const std::string& path);
finding check_trace_file(const std::string& path);

/// The directory for dumps of the trace. Without it the agent does everything
/// else.
finding check_trace_directory(const std::string& path);

/// The directory of the conversation.
finding check_state_directory(const options& settings);

} // namespace container_agent
