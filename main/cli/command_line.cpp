#include "main/cli/command_line.hpp"

#include "main/cli/option_table.hpp"
#include "main/cli/value_text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>

namespace container_agent {

namespace {

/// Has CLI11 read `--name=` as an empty value: version 2.1 would take the next
/// argument for it. Also notes an option whose value is missing.
std::vector<std::string> prepare(const std::vector<std::string>& arguments,
                                 const option_row*& lacks_value) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    bool is_option = argument.starts_with("--");
    auto equals = argument.find('=');
    auto* row
      = is_option ? find_option(argument.substr(2, equals - 2)) : nullptr;
    if (row == nullptr || row->kind == option_kind::flag) {
      result.emplace_back(argument);
    } else if (equals != std::string_view::npos) {
      result.emplace_back(argument.substr(0, equals));
      result.emplace_back(argument.substr(equals + 1));
    } else {
      result.emplace_back(argument);
      if (i + 1 == arguments.size())
        lacks_value = row;
      else
        result.push_back(arguments[++i]);
    }
  }
  return result;
}

command_line_error unknown(std::string_view word) {
  if (is_subcommand(word))
    return {"unexpected argument " + in_quotes(word),
            "A subcommand comes first: container-agent " + std::string{word}
              + " [options]."};
  if (!word.starts_with('-'))
    return {
      "unexpected argument " + in_quotes(word),
      "Options begin with --; arguments for Claude go after a single --."};
  auto name = word.substr(0, word.find('='));
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  return {"unknown option " + in_quotes(word),
          find_option(name) != nullptr
            ? "Options begin with two dashes: --" + std::string{name} + "."
            : "See container-agent --help; arguments for Claude go after a "
              "single --."};
}

} // namespace

std::variant<command_line, command_line_error>
read_command_line(int argc, const char* const* argv) {
  command_line result;
  std::vector<std::string> arguments{argv + std::min(argc, 1), argv + argc};
  auto end = std::find(arguments.begin(), arguments.end(), "--");
  if (end != arguments.end()) {
    result.passed_on.assign(end + 1, arguments.end());
    arguments.erase(end, arguments.end());
  }
  const option_row* lacks_value = nullptr;
  arguments = prepare(arguments, lacks_value);
  if (lacks_value != nullptr)
    return command_line_error{"--" + std::string{lacks_value->name}
                                + ": the value is missing",
                              "Write --" + std::string{lacks_value->name} + ' '
                                + std::string{lacks_value->metavar} + "."};
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<std::string_view, CLI::Option*>> declared;
  for (const auto& row : option_table()) {
    std::string name = "--" + std::string{row.name};
    if (row.name == "help")
      name += ",-h";
    auto* option = row.kind == option_kind::flag ? app.add_flag(name)
                                                 : app.add_option(name);
    if (row.kind != option_kind::flag)
      option->type_size(1)->expected(1);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    declared.emplace_back(row.name, option);
  }
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
    auto extras = app.remaining();
    if (!extras.empty())
      return unknown(extras.front());
    for (auto [name, option] : declared)
      if (option->count() > 0)
        result.values[name] = option->results();
  } catch (const CLI::Error& error) {
    return command_line_error{error.what(), "See container-agent --help."};
  }
  return result;
}

} // namespace container_agent
