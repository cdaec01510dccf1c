#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

std::string json_text(const nlohmann::ordered_json& value) {
  using json = nlohmann::ordered_json;
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_line(const nlohmann::ordered_json& value) {
  return json_text(value) + '\n';
}

std::string text_at(const nlohmann::json& document, const std::string& place) {
  nlohmann::json::json_pointer pointer{place};
  auto found = document.contains(pointer) ? document.at(pointer) : nullptr;
  return found.is_string() ? found.get<std::string>() : std::string{};
}

} // namespace container_agent::codec
