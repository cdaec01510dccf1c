#pragma once

#include "main/cli/command_description.hpp"

#include <string>
#include <vector>

namespace container_agent::manual {

/// The agent itself, its subcommands and what `trace` can do, in this order, of
/// the tables that the program itself reads.
std::vector<command_description> all_commands();

/// What a value is, as far as a shell can help with it.
enum class value_kind { none, word, folder, file, program, other };

value_kind kind_of(const option_description& option);

/// "CONTAINER_AGENT_MODE"; empty for an option that is read from the command
/// line only.
std::string variable_of(const option_description& option);

/// With blanks between them.
std::string joined(const std::vector<std::string>& words);

} // namespace container_agent::manual
