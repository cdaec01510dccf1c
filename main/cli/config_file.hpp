#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace container_agent {

/// One `name = value` of a configuration file.
struct config_entry {
  std::string name;
  std::vector<std::string> values; ///< more than one, or none, for an array
  bool is_array = false;
  std::size_t line = 0; ///< where it begins, from 1
};

/// What is wrong, and where.
struct config_error {
  std::size_t line = 0; ///< from 1; 0 if the file could not be read
  std::string what;
};

/// A configuration file larger than this (1 MiB) is surely not one.
inline constexpr std::size_t largest_config_file = 1024 * 1024;

/// Reads TOML: `name = value` with a text, a number, true or false, or an array
/// of these, at the top or in the section `[container-agent]`.
///
/// CLI11's own reader is not used: version 2.1 cuts quoted values at a `#`,
/// splits bare ones at blanks, and lets the file win over the environment.
std::variant<std::vector<config_entry>, config_error>
parse_config(std::string_view text);

/// The same with the content of a file.
std::variant<std::vector<config_entry>, config_error>
read_config_file(const std::string& path);

} // namespace container_agent
