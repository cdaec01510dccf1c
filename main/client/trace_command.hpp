#pragma once

#include "main/cli/command_description.hpp"

#include <vector>

namespace container_agent {

/// All there are, `trace convert` and its like as well, for the manual and the
/// shells' completions.
std::vector<command_description> all_commands();

/// Whether `container-agent trace …` was asked for.
bool is_trace_command(int argc, const char* const* argv);

/// `container-agent trace convert|follow|summary|show|view`: what is done with
/// traces. `follow` looks for the agent as the other subcommands do. Writes to
/// stdout, complains on stderr. Returns the exit code: 0, 1 for a trace that is
/// not whole, 2 for a mistake on the command line.
int run_trace_command(int argc, const char* const* argv);

} // namespace container_agent
