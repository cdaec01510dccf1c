#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent {

/// The question about the agent's health.
enum class health_question : std::uint8_t { healthy, live, ready };

struct health_line {
  bool good = false;
  std::string text; ///< "ready: busy, a turn is in flight"
};

/// The status document's answer to it, for `container-agent health` and for the
/// pages for probes.
health_line judge_health(health_question asked, std::string_view document);

/// "not live" and the like: how a bad answer begins.
std::string_view bad_health(health_question asked);

} // namespace container_agent
