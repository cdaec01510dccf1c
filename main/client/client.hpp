#pragma once

#include "main/cli/options.hpp"

namespace container_agent {

/// The subcommands: asks the agent that runs, and tells what it said. Exit code
/// 0 or 1; the text ends in LF. Blocking, at most as long as the options say.
early_exit ask_agent(const client_options& settings);

} // namespace container_agent
