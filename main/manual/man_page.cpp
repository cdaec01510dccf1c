#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace container_agent::manual {

namespace {

/// Text that roff takes for nothing else; may begin a line.
/// Words such as window=TIME are not hyphenated.
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

/// A word as a macro's argument, which must not end or begin the next macro.
std::string argument(std::string_view word) {
  std::string quoted;
  for (char c : roff(word))
    quoted += c == '"' ? std::string{"\\(dq"} : std::string{c};
  return '"' + quoted + '"';
}

/// "read prompts here" → "Read prompts here." A text that begins with a word
/// to be typed, or with a subcommand's name, stays small.
std::string sentence(const option_description& option) {
  auto text = option.help;
  auto colon = text.find(": ");
  bool begins_with_a_name = colon != text.npos && text.find(' ') == colon + 1;
  if (option.values.empty() && !begins_with_a_name)
    text[0]
      = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + (text.ends_with('.') ? "" : ".");
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

/// The options that `--help` has, with its headings.
std::string grouped(const commands& all) {
  std::vector<std::pair<std::string, std::string>> groups;
  std::set<std::string> seen;
  for (const auto& command : all)
    for (const auto& option : command.options)
      if (!option.group.empty() && seen.insert(option.name).second) {
        auto at
          = std::find_if(groups.begin(), groups.end(), [&](const auto& x) {
              return x.first == option.group;
            });
        if (at == groups.end())
          at = groups.insert(groups.end(), {option.group, ""});
        at->second += man_item(option);
      }
  std::string result;
  for (const auto& [name, items] : groups)
    result += ".Ss " + name + '\n' + list(items);
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
    auto help = command.help;
    help[0]
      = static_cast<char>(std::toupper(static_cast<unsigned char>(help[0])));
    items += ".It Cm " + command.words
             + (command.operands.empty() ? "" : " Ar " + command.operands)
             + '\n' + roff(help) + ".\n";
    std::string own;
    for (const auto& option : command.options)
      if (is_trace(command)
            ? option.group.empty() && option.name != "help"
            : option.group == "Subcommands" && option.name != "timeout")
        own += (own.empty() ? "" : " ,\n.Fl Fl ") + argument(option.name);
    if (!own.empty())
      items += "Has\n.Fl Fl " + own + " .\n";
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
