#include "messages/payloads.hpp"

namespace container_agent {

std::string to_string(line_ending x) {
  switch (x) {
    case line_ending::complete: return "complete";
    case line_ending::cut: return "cut";
    case line_ending::too_long: return "too_long";
    case line_ending::raw: return "raw";
  }
  return "unknown";
}

std::string to_string(exit_kind x) {
  switch (x) {
    case exit_kind::known: return "known";
    case exit_kind::unknown: return "unknown";
    case exit_kind::detached: return "detached";
  }
  return "unknown";
}

} // namespace container_agent
