#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace container_agent::codec {

/// One line, with its line feed. What may quote a host's bytes need not be
/// UTF-8; a replacement character stands for each that is not.
inline std::string json_line(const nlohmann::ordered_json& value) {
  using json = nlohmann::ordered_json;
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace container_agent::codec
