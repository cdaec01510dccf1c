#pragma once

#include "test/support/json_text.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <string>

namespace container_agent::test {

/// How many ends each prompt has that was accepted.
inline std::map<std::string, int> ends_in(const std::string& events) {
  std::map<std::string, int> result;
  std::map<std::string, std::string> continued;
  std::istringstream in{events};
  for (std::string text; std::getline(in, text);) {
    auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object())
      continue;
    auto subtype = text_in(line, "subtype");
    auto uuid = text_in(line, "uuid");
    if (text_in(line, "type") == "result") {
      auto named = text_in(line, "user_message_uuid");
      auto whole = continued.find(named);
      ++result[whole == continued.end() ? named : whole->second];
    } else if (text_in(line, "type") != "container_agent") {
      continue;
    } else if (subtype == "accepted") {
      result.try_emplace(uuid, 0);
    } else if (subtype == "failed") {
      ++result[uuid];
    } else if (subtype == "continued") {
      continued[text_in(line, "continue_uuid")] = uuid;
    }
  }
  return result;
}

} // namespace container_agent::test
