#include "main/cli/command_description.hpp"
#include "main/cli/option_table.hpp"
#include "main/cli/option_values.hpp"

namespace container_agent {

namespace {

constexpr std::size_t column = 31;
constexpr std::size_t width = 79;

std::string metavar_of(const CLI::Option& option) {
  auto type = option.get_type_name(); // "MODE:{claude,raw}"
  return option.get_items_expected_max() == 0 ? ""
                                              : type.substr(0, type.find(':'));
}

/// What CLI::IsMember says: "…{claude,raw}".
std::vector<std::string> words_of(const CLI::Option& option) {
  auto type = option.get_type_name();
  auto open = type.find('{');
  if (open == type.npos)
    return {};
  return CLI::detail::split(type.substr(open + 1, type.find('}') - open - 1),
                            ',');
}

std::string wrapped(std::string text) {
  constexpr auto room = width - column;
  for (std::size_t begin = 0; text.size() - begin > room;) {
    auto blank = text.rfind(' ', begin + room);
    text[blank] = '\n';
    begin = blank + 1;
  }
  return text;
}

/// CLI11's help with shorter rows: "--max-queue N  prompts that wait [1024]".
class help_format : public CLI::Formatter {
public:
  help_format() { column_width(column); }

  std::string make_option_opts(const CLI::Option* option) const override {
    auto metavar = metavar_of(*option);
    return metavar.empty() ? "" : ' ' + metavar;
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    auto initial = option->get_default_str();
    return wrapped(option->get_description()
                   + (initial.empty() ? "" : " [" + initial + ']'));
  }
};

constexpr auto footer = R"(
Subcommands find the agent that runs by the same options of Places. What its
actors say to each other: container-agent trace --help.

TIME is 500ms, 7s, 2m or 1h; SIZE is 4096, 64KiB, 16MiB or 1GiB.
Every option is also read from the environment (CONTAINER_AGENT_MAX_QUEUE)
and from the --config file; the command line comes first, the file last.

Exit codes: 0 orderly end, 1 internal error, 2 bad usage or configuration,
3 bad pipe or state, 4 Claude not found or not to be attached to, 5 gave up
restarting Claude, 6 gave up restarting a part of itself, 7 another agent uses
the pipes or the state.)";

option_description describe(const CLI::Option& option) {
  auto name = option.get_single_name();
  bool has_variable = is_list(option) || !option.get_envname().empty();
  return {name,
          metavar_of(option),
          option.get_group(),
          option.get_default_str(),
          option.get_description(),
          words_of(option),
          has_variable ? environment_name(name) : ""};
}

} // namespace

std::string help_text(const CLI::App& app) {
  auto chosen = app.get_subcommands();
  const auto& about = chosen.empty() ? app : *chosen.front();
  auto name = chosen.empty() ? "container-agent"
                             : "container-agent " + about.get_name();
  auto text = help_format{}.make_help(&about, name, CLI::AppFormatMode::Normal);
  text = CLI::detail::find_and_replace(text, "\n\n\n", "\n\n");
  text.erase(text.find_last_not_of('\n') + 1);
  return text + '\n' + footer + '\n';
}

command_description describe(const CLI::App& app, std::string words) {
  command_description result{std::move(words), app.get_description(), "", {}};
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) {
      result.options.push_back(describe(*option));
      continue;
    }
    if (!result.operands.empty())
      result.operands += ' ';
    bool repeated = option->get_items_expected_max() > 1;
    result.operands += option->get_name() + (repeated ? "..." : "");
  }
  return result;
}

std::vector<command_description> agent_commands() {
  option_table table;
  std::vector<command_description> result{describe(table.app, "")};
  std::vector<option_description> shared;
  for (const auto& option : result.front().options)
    if (option.group == places || option.name == "help")
      shared.push_back(option);
  for (const auto* app : table.app.get_subcommands({})) {
    result.push_back(describe(*app, app->get_name()));
    auto& options = result.back().options;
    options.insert(options.end(), shared.begin(), shared.end());
  }
  return result;
}

} // namespace container_agent
