#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace container_agent::codec {

/// One line, with its line feed. What may quote a host's bytes need not be
/// UTF-8; a replacement character stands for each that is not.
std::string json_line(const nlohmann::ordered_json& value);

} // namespace container_agent::codec
