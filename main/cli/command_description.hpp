#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace container_agent {

/// An option as the manual and the shells' completions describe it.
struct option_description {
  std::string name;                ///< without dashes
  std::string metavar;             ///< of the value; empty: it has none
  std::string group;               ///< heading in --help
  std::string initial;             ///< the default; empty if there is none
  std::string help;                ///< one line
  std::vector<std::string> values; ///< words that it may be; empty: any
  std::string variable;            ///< the environment's; empty: none
};

/// A command and what it may be told.
struct command_description {
  std::string words;    ///< "trace convert"; empty: the agent itself
  std::string help;     ///< one line
  std::string operands; ///< "FILE..."; empty if it takes none
  std::vector<option_description> options;
};

/// With the options and operands that it declares itself.
command_description describe(const CLI::App& app, std::string words);

/// The agent itself and its subcommands but `trace`, with the options of the
/// agent that a subcommand finds it by.
std::vector<command_description> agent_commands();

} // namespace container_agent
