#pragma once

#include "main/cli/options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the child gets to see of the agent's environment: by a list of names
/// that are allowed, not of those that are forbidden, because a container's
/// environment often holds secrets of its neighbours, and Claude runs tools.
namespace container_agent {

/// Why a name, or a pattern that ends in `*`, can't be passed or set; empty if
/// it can.
std::string complaint_about_variable(const std::string& pattern);

/// The agent's own environment, NAME=VALUE.
std::vector<std::string> own_environment();

/// The child's environment, NAME=VALUE in the order of `own`, each name once:
/// what the default list lets through, and what `pass` names, then what `set`
/// (NAME=VALUE) sets, replacing the same name. CLAUDECODE and CONTAINER_AGENT_…
/// never get through. A child without PATH gets Debian's. What a cloud's
/// variables need to be on may be in `own` or in `set`.
std::vector<std::string> child_environment(const std::vector<std::string>& own,
                                           const std::vector<std::string>& pass,
                                           const std::vector<std::string>& set);

/// The value of a variable in a NAME=VALUE list; empty if it is not there.
std::string_view variable_in(const std::vector<std::string>& environment,
                             std::string_view name);

/// Secrets may come in files, as Docker, Compose and Kubernetes mount them, and
/// not in variables, which `docker inspect` shows to everybody. Puts
/// NAME=<first line of the file> in the place of NAME_FILE=<path>; an empty
/// NAME_FILE counts as none. A file that can't be read or is empty, and NAME
/// beside NAME_FILE, are bad usage: the agent does not start.
std::optional<early_exit>
read_secret_files(std::vector<std::string>& environment);

} // namespace container_agent
