#pragma once

#include "messages/payloads.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace container_agent::codec {

/// Everything the status document is made of. docs/protocol.md explains it.
struct status_facts {
  std::string state;
  std::chrono::seconds uptime{0};
  conversation_status conversation;
  child_status child;
  output_status output;
  supervisor_status supervisor;
  std::string silent; ///< actors that did not answer, separated by commas
};

/// One JSON object, without LF.
std::string status_document(const status_facts& facts);

} // namespace container_agent::codec
