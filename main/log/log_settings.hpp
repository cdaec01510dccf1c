#pragma once

#include "actors/core/ports.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace container_agent {

enum class log_format : std::uint8_t { json, text };

/// How the event log is written.
struct log_settings {
  std::optional<log_level> level = log_level::info; ///< nothing: off
  log_format format = log_format::json;
  std::string file{}; ///< empty: stderr
};

} // namespace container_agent
