#include "messages/agent_version.hpp"

namespace container_agent {

std::string_view agent_version() {
  return CONTAINER_AGENT_VERSION;
}

} // namespace container_agent
