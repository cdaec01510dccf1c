#pragma once

#include "main/cli/option_sources.hpp"
#include "main/cli/options.hpp"

/// The paths of an agent's pipes, socket and state: options that the agent and
/// its subcommands read alike.
namespace container_agent {

void read_pipes(const option_sources& given, options::pipe_section& pipes);

void read_control(const option_sources& given,
                  const options::pipe_section& pipes,
                  options::control_section& control);

/// A raw child's is in memory: nobody could tell what was dealt with of its
/// bytes.
void read_state(const option_sources& given, const options::pipe_section& pipes,
                bool raw, options::state_section& state);

} // namespace container_agent
