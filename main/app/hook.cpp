#include "main/app/hook.hpp"

namespace container_agent {

message_hook* installed_hook() {
  return nullptr;
}

} // namespace container_agent
