#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace container_agent::test {

/// A member that is a text; empty if there is none, or none of this type.
inline std::string text_in(const nlohmann::json& object, const char* name) {
  auto i = object.find(name);
  return i != object.end() && i->is_string() ? i->get<std::string>() : "";
}

} // namespace container_agent::test
