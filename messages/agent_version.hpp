#pragma once

#include <string_view>

namespace container_agent {

/// "0.1.0"
std::string_view agent_version();

} // namespace container_agent
