#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the child gets to see of the agent's environment: by a list of names
/// that are allowed, not of those that are forbidden, because a container's
/// environment often holds secrets of its neighbours, and Claude runs tools.
namespace container_agent {

/// A family of variables that Claude Code needs, and why. A name that ends in
/// `*` stands for all that begin so. docs/options.md shows the same list.
struct allowed_variable {
  std::string_view name;
  std::string_view why;
  /// Passed only if one of these (separated by blanks) is on: a cloud's
  /// credentials are for a Claude that is reached through that cloud.
  std::string_view only_with = {};
};

std::span<const allowed_variable> default_allowed_variables();

/// Names that `default_allowed_variables` would let through, but that belong to
/// a Claude Code session around the agent: with them the child takes itself for
/// a part of that session and, for one, keeps no transcript to resume from.
std::span<const std::string_view> session_variables();

/// Letters, digits and `_`, no digit first.
bool is_variable_name(std::string_view name);

/// Whether a name, or a pattern that ends in `*`, means `variable`.
bool matches_variable(std::string_view pattern, std::string_view variable);

/// The agent's own environment, NAME=VALUE.
std::vector<std::string> own_environment();

/// The child's environment, NAME=VALUE in the order of `own`, each name once:
/// what the default list lets through, and what `pass` names, then what `set`
/// (NAME=VALUE) sets, replacing the same name. CLAUDECODE and CONTAINER_AGENT_…
/// never get through. A child without PATH gets Debian's. What a variable of
/// the list needs to be on (`only_with`) may be in `own` or in `set`.
std::vector<std::string> child_environment(const std::vector<std::string>& own,
                                           const std::vector<std::string>& pass,
                                           const std::vector<std::string>& set);

/// The value of a variable in a NAME=VALUE list; empty if it is not there.
std::string_view variable_in(const std::vector<std::string>& environment,
                             std::string_view name);

} // namespace container_agent
