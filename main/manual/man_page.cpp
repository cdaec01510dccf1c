#include "main/cli/option_table.hpp"
#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"

#include <cctype>

namespace container_agent::manual {

namespace {

/// Text that roff takes for nothing else, also where it begins a line. Words
/// such as window=TIME are not hyphenated.
std::string roff(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    auto word = text.substr(at, text.find(' ', at) - at);
    if ((at == 0 || text[at - 1] == ' ') && word.find('=') != word.npos)
      result += "\\%";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if ((c == '.' || c == '\'') && result.empty())
      result += std::string{"\\&"} + c;
    else
      result += c;
  }
  return result;
}

/// A word as one argument of a macro, whatever is in it.
std::string argument(std::string_view word) {
  std::string quoted;
  for (char c : roff(word))
    quoted += c == '"' ? std::string{"\\(dq"} : std::string{c};
  return '"' + quoted + '"';
}

std::string capitalized(std::string text) {
  text[0]
    = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

/// "read prompts here" → "Read prompts here." A text that begins with a word
/// to be typed, or with a subcommand's name, stays small.
std::string sentence(const option_description& option) {
  const auto& help = option.help;
  auto colon = help.find(": ");
  bool begins_with_a_name = colon != help.npos && help.find(' ') == colon + 1;
  return (option.values.empty() && !begins_with_a_name ? capitalized(help)
                                                       : help)
         + '.';
}

std::string man_item(const option_description& option) {
  std::string result = ".It Fl Fl " + argument(option.name);
  if (!option.metavar.empty())
    result += " Ar " + argument(option.metavar);
  result += '\n' + roff(sentence(option)) + '\n';
  if (option.repeatable
      && option.help.find("may be repeated") == std::string::npos)
    result += "May be repeated.\n";
  if (!option.initial.empty())
    result += "Default:\n.Ql " + argument(option.initial) + " .\n";
  if (auto variable = variable_of(option); !variable.empty())
    result += "Environment:\n.Ev " + variable + " .\n";
  return result;
}

std::string list(const std::string& items) {
  return ".Bl -tag -width Ds\n" + items + ".El\n";
}

const option_description* find(const commands& all, std::string_view name) {
  for (const auto& command : all)
    for (const auto& option : command.options)
      if (option.name == name && !option.group.empty())
        return &option;
  return nullptr;
}

/// The options that `--help` has, in its order and with its headings.
std::string grouped(const commands& all) {
  std::string result;
  std::string items;
  auto rows = option_table();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const auto* option = find(all, rows[i].name))
      items += man_item(*option);
    if (i + 1 < rows.size() && rows[i + 1].group == rows[i].group)
      continue;
    result += ".Ss " + std::string{rows[i].group} + '\n' + list(items);
    items.clear();
  }
  return result;
}

bool is_trace(const command_description& command) {
  return command.words.starts_with("trace ");
}

std::string of_trace(const commands& all) {
  std::string result;
  for (const auto& command : all) {
    std::string items;
    for (const auto& option : command.options)
      if (is_trace(command) && option.group.empty() && option.name != "help")
        items += man_item(option);
    if (!items.empty())
      result += ".Ss Options of " + command.words + '\n' + list(items);
  }
  return result;
}

std::string synopses(const commands& all) {
  std::string result;
  for (const auto& command : all)
    if (!command.words.empty()) {
      result += ".Nm\n.Cm " + command.words + "\n.Op Ar options\n";
      if (!command.operands.empty())
        result += ".Ar " + command.operands + '\n';
    }
  return result;
}

std::string what_they_do(const commands& all) {
  std::string items;
  for (const auto& command : all) {
    if (command.words.empty())
      continue;
    items += ".It Cm " + command.words
             + (command.operands.empty() ? "" : " Ar " + command.operands)
             + '\n' + roff(capitalized(command.help)) + ".\n";
    std::string own;
    for (const auto& option : command.options)
      if (is_trace(command)
            ? option.group.empty() && option.name != "help"
            : option.group == client_group && option.name != "timeout")
        own += (own.empty() ? "" : " ,\n.Fl Fl ") + argument(option.name);
    if (!own.empty())
      items += "Options of its own:\n.Fl Fl " + own + " .\n";
  }
  return list(items);
}

} // namespace

replacements man_page_parts(const commands& all) {
  return {{"SYNOPSES", synopses(all)},
          {"COMMANDS", what_they_do(all)},
          {"OPTIONS", grouped(all)},
          {"TRACE_OPTIONS", of_trace(all)}};
}

} // namespace container_agent::manual
