#pragma once

namespace container_agent {

/// Whether `container-agent trace …` was asked for.
bool is_trace_command(int argc, const char* const* argv);

/// `container-agent trace convert|summary|show|view`: what is done with
/// traces. Writes to stdout, complains on stderr. Returns the exit code: 0, 1
/// for a trace that is not whole, 2 for a mistake on the command line.
int run_trace_command(int argc, const char* const* argv);

} // namespace container_agent
