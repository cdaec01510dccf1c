#include "messages/payloads.hpp"

namespace container_agent {

std::string to_string(exit_kind x) {
  switch (x) {
    case exit_kind::known: return "known";
    case exit_kind::unknown: return "unknown";
    case exit_kind::detached: return "detached";
  }
  return "unknown";
}

} // namespace container_agent
