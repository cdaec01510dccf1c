#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// How often an option may be given and what its value is.
enum class option_kind : std::uint8_t {
  flag, ///< true if given; --name=false is possible
  one,  ///< one value; given twice, the last one counts
  many, ///< a list: each time adds a value
};

/// One row of the table of all options: the command line, the environment, the
/// configuration file, --help and the tests all read it.
struct option_row {
  std::string_view name; ///< without dashes
  option_kind kind = option_kind::one;
  std::string_view metavar; ///< of the value, for --help
  std::string_view group;   ///< heading in --help
  std::string_view initial; ///< the default, as text; empty if there is none
  std::string_view help;    ///< may have line breaks
  std::string_view values = "";  ///< all there are, in words; empty: any
  std::string_view only_of = ""; ///< the one subcommand that has it; empty: any
};

/// A word that asks the agent that runs, in place of starting one.
struct subcommand_row {
  std::string_view name;
  std::string_view help;
};

/// The group of the options that only subcommands have.
inline constexpr std::string_view client_group = "Subcommands";

/// All options in the order of --help.
std::span<const option_row> option_table();

/// All subcommands but `trace`, which has a command line of its own
/// (main/client/trace_command.hpp), in the order of --help.
std::span<const subcommand_row> subcommand_table();

bool is_subcommand(std::string_view word);

/// The row of an option, or nothing.
const option_row* find_option(std::string_view name);

/// Only the command line can ask for these. An image may well hold its version
/// in a variable CONTAINER_AGENT_VERSION.
bool command_line_only(std::string_view name);

/// "max-queue" → "CONTAINER_AGENT_MAX_QUEUE".
std::string environment_name(std::string_view option);

} // namespace container_agent
