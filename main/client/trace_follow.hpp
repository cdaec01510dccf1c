#pragma once

#include "messages/codec/control_message.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace container_agent {

/// What `container-agent trace follow` was told.
struct follow_settings {
  codec::trace_wish wish;
  bool json = false; ///< lines as they are, for other tools
  bool coloured = false;
  std::vector<std::string> where; ///< options that say where the agent is
};

/// Shows the events of a running agent as they come, until it ends, stdout is
/// closed, or SIGINT or SIGTERM comes: all of these are exit code 0. Complains
/// on stderr.
std::int32_t follow_trace(const follow_settings& settings);

} // namespace container_agent
