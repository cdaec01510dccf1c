#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"

namespace container_agent::manual {

namespace {

/// Text within zsh's single quotes, with a backslash before what ends a part of
/// a specification.
std::string zsh_text(std::string_view text, std::string_view special) {
  std::string result;
  for (char c : text) {
    if (c == '\'')
      result += "'\\''";
    else if (special.find(c) != special.npos)
      result += std::string{'\\'} + c;
    else
      result += c;
  }
  return result;
}

std::string zsh_action(const option_description& option) {
  switch (kind_of(option)) {
    case value_kind::word: return '(' + joined(option.values) + ')';
    case value_kind::folder: return "_path_files -/";
    case value_kind::file: return "_files";
    case value_kind::program: return "_command_names -e";
    default: return " ";
  }
}

/// '--mode=[how]:MODE:(claude raw)', as _arguments wants it.
std::string specification(const option_description& option) {
  std::string result = option.repeatable ? "'*--" : "'--";
  result += option.name;
  auto help = '[' + zsh_text(option.help, "[]:\\") + ']';
  if (option.metavar.empty())
    return result + help + '\'';
  return result + '=' + help + ':' + zsh_text(option.metavar, ":\\") + ':'
         + zsh_action(option) + '\'';
}

std::string zsh_case(const command_description& command) {
  std::string result = "    '" + command.words + "')\n      options=(\n";
  for (const auto& option : command.options)
    result += "        " + specification(option) + '\n';
  if (command.operands.starts_with("FILE"))
    result += "        '*:FILE:_files'\n";
  else if (!command.operands.empty())
    result += "        '1:UUID: ' '*:FILE:_files'\n";
  else if (command.words.empty())
    result += "        '*:argument of Claude:_files'\n";
  return result + "      ) ;;\n";
}

std::string zsh_entry(std::string_view name, std::string_view help) {
  return "    '" + std::string{name} + ':' + zsh_text(help, ":\\") + "'\n";
}

} // namespace

replacements zsh_parts(const commands& all) {
  replacements result;
  for (const auto& command : all) {
    result["OPTIONS_OF"] += zsh_case(command);
    if (command.words.starts_with("trace "))
      result["TOOLS"] += zsh_entry(
        command.words.substr(command.words.find(' ') + 1), command.help);
    else if (!command.words.empty())
      result["COMMANDS"] += zsh_entry(command.words, command.help);
  }
  result["COMMANDS"] += zsh_entry("trace", "what the actors say to each other");
  return result;
}

} // namespace container_agent::manual
