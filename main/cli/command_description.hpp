#pragma once

#include <string>
#include <vector>

namespace container_agent {

/// An option as the manual and the shells' completions describe it.
struct option_description {
  std::string name;                ///< without dashes
  std::string metavar;             ///< of the value; empty: it has none
  std::string group;               ///< heading in --help; may be empty
  std::string initial;             ///< the default; empty if there is none
  std::string help;                ///< one line
  std::vector<std::string> values; ///< all there are; empty: any
  bool repeatable = false;         ///< each time adds a value
};

/// A command and what it may be told.
struct command_description {
  std::string words;    ///< "trace convert"; empty: the agent itself
  std::string help;     ///< one line
  std::string operands; ///< "FILE..."; empty if it takes none
  std::vector<option_description> options;
};

} // namespace container_agent
