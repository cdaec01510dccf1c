#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

/// Small documents, built and then written; `json_writer` writes what is
/// written often.
namespace container_agent::codec {

/// On one line. What may quote a host's bytes need not be UTF-8; a replacement
/// character stands for each that is not.
std::string json_text(const nlohmann::ordered_json& value);

/// The same, with its line feed.
std::string json_line(const nlohmann::ordered_json& value);

/// The text at a JSON pointer, empty if there is none.
std::string text_at(const nlohmann::json& document, const std::string& place);

} // namespace container_agent::codec
