#include "messages/codec/json_line.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

std::string json_line(const nlohmann::ordered_json& value) {
  using json = nlohmann::ordered_json;
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace container_agent::codec
