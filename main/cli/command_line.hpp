#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace container_agent {

/// What stood on the command line, not looked into yet.
struct command_line {
  std::map<std::string_view, std::vector<std::string>> values; ///< by option
  std::vector<std::string> passed_on; ///< everything after `--`
};

/// What is wrong with it and what to do: "where: what" and a second line.
struct command_line_error {
  std::string what;
  std::string advice;
};

/// Takes the command line apart by CLI11, with the table of options. This is
/// the only file that knows CLI11.
std::variant<command_line, command_line_error>
read_command_line(int argc, const char* const* argv);

} // namespace container_agent
