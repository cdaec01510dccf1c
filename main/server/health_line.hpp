#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent {

/// What one may want to know of the agent's health.
enum class health_question : std::uint8_t { healthy, live, ready };

struct health_line {
  bool good = false;
  std::string text; ///< "ready: busy, a turn is in flight"
};

/// What the status document says to it: the answer of `container-agent health`
/// and of the pages for probes.
health_line judge_health(health_question asked, std::string_view document);

/// "not live" and the like: the first words of a bad answer.
std::string_view bad_health(health_question asked);

} // namespace container_agent
