#pragma once

#include "main/cli/options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <string_view>

namespace container_agent {

/// The one table of all options and subcommands: an app of CLI11, and where it
/// puts what it reads. --help, the man page and the shells' completions are
/// made of it, too.
struct option_table {
  option_table();

  CLI::App app;
  options agent;
  client_options client;
};

/// The group of those that the agent and its subcommands read alike.
inline constexpr std::string_view places = "Places";

/// The text of --help, for a terminal of 80 columns: of the subcommand that was
/// named, or of all.
std::string help_text(const CLI::App& app);

} // namespace container_agent
