#pragma once

#include "messages/payloads.hpp"
#include "messages/process_usage.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace container_agent::codec {

/// All facts that the status document shows. docs/protocol.md explains it.
struct status_facts {
  std::string state;
  bool live = true;
  bool ready = false;
  std::string why; ///< a sentence

  std::chrono::seconds uptime{0};
  conversation_status conversation;
  child_status child;
  input_status input;
  output_status output;
  supervisor_status supervisor;
  shutdown_status shutdown;
  control_status control;
  std::optional<process_usage> claude; ///< nothing: none, or not known
  std::optional<process_usage> own;

  /// How late the last look round was; nothing before the first one.
  std::optional<std::chrono::milliseconds> loop_lag;

  std::vector<std::string> silent; ///< actors that did not answer
};

/// One JSON object, without LF.
std::string status_document(const status_facts& facts);

} // namespace container_agent::codec
