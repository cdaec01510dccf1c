#pragma once

#include "main/cli/command_description.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::manual {

using commands = std::vector<command_description>;

/// What takes the place of each @NAME@ in a template.
using replacements = std::map<std::string, std::string>;

/// Replaces each @NAME@ of the text, wherever it is. Throws std::runtime_error
/// if a name is unknown, or one of the replacements is not asked for.
std::string fill(std::string_view text, const replacements& by_name);

/// @SYNOPSES@, @COMMANDS@, @OPTIONS@, @TRACE_OPTIONS@ of container-agent.1.in,
/// in mdoc(7).
replacements man_page_parts(const commands& all);

/// @OPTIONS_OF@, @VALUES_OF@ and @COMMANDS@ of container-agent.bash.in.
replacements bash_parts(const commands& all);

/// @COMMANDS@, @TOOLS@ and @OPTIONS_OF@ of container-agent.zsh.in.
replacements zsh_parts(const commands& all);

/// @COMPLETIONS@ of container-agent.fish.in.
replacements fish_parts(const commands& all);

} // namespace container_agent::manual
