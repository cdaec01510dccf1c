#pragma once

#include "main/cli/command_description.hpp"

#include <string>
#include <vector>

namespace container_agent {

/// `trace convert` and its like, for the manual and the shells' completions.
std::vector<command_description> trace_commands();

/// Whether `container-agent trace …` was asked for.
bool is_trace_command(int argc, const char* const* argv);

/// `container-agent trace convert|follow|summary|show|view`: what is done with
/// traces. `follow` looks for the agent as the other subcommands do. Writes to
/// stdout, complains on stderr. Returns the exit code: 0, 1 for a trace that is
/// not whole, 2 for a mistake on the command line.
int run_trace_command(int argc, const char* const* argv,
                      const std::vector<std::string>& environment);

} // namespace container_agent
