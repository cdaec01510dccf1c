#include "main/manual/commands.hpp"

#include "main/cli/option_table.hpp"
#include "main/client/trace_command.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace container_agent::manual {

namespace {

/// How a subcommand finds the agent that runs (main/cli/options.cpp,
/// read_client).
constexpr std::array<std::string_view, 6> finds_the_agent{
  "pipe-dir", "instance", "input-pipe", "control-socket", "timeout", "config"};

/// How `tail` finds its log.
constexpr std::array<std::string_view, 5> finds_the_log{
  "pipe-dir", "instance", "input-pipe", "state-dir", "config"};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& these,
               std::string_view option) {
  return std::find(these.begin(), these.end(), option) != these.end();
}

bool says_where(const subcommand_row& command, std::string_view option) {
  return command.name == "tail" ? is_one_of(finds_the_log, option)
                                : is_one_of(finds_the_agent, option);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto end = std::min(text.find(' '), text.size());
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

option_description describe(const option_row& row) {
  std::string help{row.help};
  // Two texts end with one, for a value in square brackets to begin the next.
  if (help.ends_with('\n'))
    help.pop_back();
  std::replace(help.begin(), help.end(), '\n', ' ');
  return {std::string{row.name},
          std::string{row.metavar},
          std::string{row.group},
          std::string{row.initial},
          help,
          words_of(row.values),
          row.kind == option_kind::many};
}

command_description agent() {
  command_description result{
    "", "bridges Claude Code and two named pipes", "", {}};
  for (const auto& row : option_table())
    if (row.group != client_group)
      result.options.push_back(describe(row));
  return result;
}

command_description subcommand(const subcommand_row& command) {
  command_description result{
    std::string{command.name}, std::string{command.help}, "", {}};
  for (const auto& row : option_table())
    if (says_where(command, row.name) || row.only_of == command.name
        || row.name == "help")
      result.options.push_back(describe(row));
  return result;
}

/// `trace follow` finds the agent as a subcommand does.
void add_agent_options(command_description& follow) {
  for (const auto& row : option_table())
    if (is_one_of(finds_the_agent, row.name))
      follow.options.push_back(describe(row));
}

} // namespace

std::vector<command_description> all_commands() {
  std::vector<command_description> result{agent()};
  for (const auto& row : subcommand_table())
    result.push_back(subcommand(row));
  for (auto& command : trace_commands()) {
    if (command.words == "trace follow")
      add_agent_options(command);
    result.push_back(std::move(command));
  }
  return result;
}

value_kind kind_of(const option_description& option) {
  if (option.metavar.empty())
    return value_kind::none;
  if (!option.values.empty())
    return value_kind::word;
  if (option.metavar == "DIR")
    return value_kind::folder;
  if (option.metavar == "PATH" || option.metavar == "FILE")
    return value_kind::file;
  if (option.metavar == "CMD")
    return value_kind::program;
  return value_kind::other;
}

std::string variable_of(const option_description& option) {
  // Those of `trace` have no group and are no part of the table.
  if (option.group.empty() || command_line_only(option.name))
    return "";
  return environment_name(option.name);
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

} // namespace container_agent::manual
