#pragma once

#include "main/cli/options.hpp"

#include <cstdint>

namespace container_agent {

/// `container-agent tail`: prints the log of events from the state's directory,
/// whether an agent runs or not. With `--follow` until SIGINT or SIGTERM comes
/// or nobody reads stdout any more: both are exit code 0. Complains on stderr.
std::int32_t tail_events(const client_options& settings);

} // namespace container_agent
