#pragma once

#include "main/trace/follow_text.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace container_agent {

/// What `container-agent trace follow` was told.
struct follow_settings {
  trace::follow_filter filter;
  bool json = false; ///< lines as they are, for other tools
  bool coloured = false;
  std::vector<std::string> where; ///< options that say where the agent is
};

/// Shows the events of a running agent as they come, until it ends or stdout is
/// closed. Returns the exit code; complains on stderr.
std::int32_t follow_trace(const follow_settings& settings,
                          const std::vector<std::string>& environment);

} // namespace container_agent
