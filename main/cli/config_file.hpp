#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// A mistake in what the user wrote.
struct option_error {
  std::string what;   ///< where and what: "--max-queue: …", "a.toml:3: …"
  std::string advice; ///< what to do
};

/// One `name = value` of a configuration file.
struct config_entry {
  std::vector<std::string> values; ///< more than one, or none, for an array
  std::string where;               ///< "a.toml:3: max-queue"
};

using config_entries = std::map<std::string, config_entry>;

/// A configuration file larger than this (1 MiB) is surely not one.
inline constexpr std::size_t largest_config_file = 1024 * 1024;

/// Reads TOML: `name = value` with a text, a number, true or false, or an array
/// of these, at the top or in the section `[container-agent]`. Throws
/// `option_error` that names the line. CLI11's own reader cuts quoted values at
/// a `#`.
config_entries parse_config(std::string_view text, const std::string& path);

/// The same with the content of a file.
config_entries read_config_file(const std::string& path);

} // namespace container_agent
