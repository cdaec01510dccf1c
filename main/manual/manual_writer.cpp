#include "main/client/trace_command.hpp"
#include "messages/agent_version.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

/// Runs while the project is built, and is not installed:
///
///   manual_writer TEMPLATE OUTPUT DATE
///
/// makes the man page, or a shell's completions, of a template and of the
/// tables that the program reads its command line with.

namespace {

using namespace container_agent;

// -- completions --------------------------------------------------------------

/// What a shell can offer for a value: words, or `<kind>`.
std::string offers(const option_description& option) {
  static const std::map<std::string, std::string> kinds{{"", ""},
                                                        {"DIR", "<folder>"},
                                                        {"PATH", "<file>"},
                                                        {"FILE", "<file>"},
                                                        {"CMD", "<program>"}};
  std::string words;
  for (const auto& word : option.values)
    words += (words.empty() ? "" : " ") + word;
  if (!words.empty())
    return words;
  auto found = kinds.find(option.metavar);
  return found == kinds.end() ? "<any>" : found->second;
}

/// A line "command|option|what its value may be|help" for each option, and one
/// without an option for each command.
std::string completion_table() {
  std::string result;
  auto add = [&](const auto& command, const std::string& option,
                 const std::string& values, const std::string& help) {
    if ((values + help).find('|') != std::string::npos)
      throw std::runtime_error{"the shells take | for the end of: " + help};
    result += command.words + '|' + option + '|' + values + '|' + help + '\n';
  };
  for (const auto& command : all_commands()) {
    if (!command.words.empty())
      add(command, "", command.operands.empty() ? "" : "<file>", command.help);
    for (const auto& option : command.options)
      add(command, "--" + option.name, offers(option), option.help);
  }
  return result;
}

/// In fish's single quotes only \ and ' are special.
std::string quoted(const std::string& text) {
  std::string result;
  for (char c : text)
    result += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result;
}

// -- the man page -------------------------------------------------------------

/// Text that roff takes for nothing else, also where it begins a line.
std::string roff(std::string_view text) {
  std::string result = "\\&";
  for (char c : text)
    result += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string{c};
  return result;
}

std::string sentence(std::string text) {
  // A text that explains words begins with one of them.
  if (text.substr(0, text.find(' ')).find_first_of(":;,") == text.npos)
    text[0]
      = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return roff(text + '.');
}

std::string man_item(const option_description& option) {
  auto result = ".TP\n.BI \"\\-\\-" + roff(option.name) + "\" \""
                + (option.metavar.empty() ? "" : ' ' + roff(option.metavar))
                + "\"\n" + sentence(option.help) + '\n';
  if (!option.initial.empty())
    result += "Default: " + roff(option.initial) + ".\n";
  if (!option.variable.empty())
    result += "Environment: " + roff(option.variable) + ".\n";
  return result;
}

/// With a heading for each group; a command's own are in "Options".
std::string man_options(const command_description& command) {
  std::string result;
  std::string heading;
  for (const auto& option : command.options) {
    bool is_own = option.group == "Options" && option.name != "help";
    if (!command.words.empty() && !is_own)
      continue;
    if (option.group != heading)
      result += ".SS \""
                + (is_own ? "Options of " + command.words : option.group)
                + "\"\n";
    heading = option.group;
    result += man_item(option);
  }
  return result;
}

std::string man_command(const command_description& command) {
  return ".TP\n.BI \"" + roff(command.words) + " [options]\" \""
         + (command.operands.empty() ? "" : ' ' + roff(command.operands))
         + "\"\n" + sentence(command.help) + '\n';
}

// -- both ---------------------------------------------------------------------

std::map<std::string, std::string> parts(const std::string& date) {
  std::map<std::string, std::string> result{
    {"@DATE@", date},
    {"@VERSION@", std::string{agent_version()}},
    {"@TABLE@", completion_table()},
    {"@QUOTED_TABLE@", quoted(completion_table())}};
  for (const auto& command : all_commands()) {
    if (!command.words.empty())
      result["@COMMANDS@"] += man_command(command);
    result["@OPTIONS@"] += man_options(command);
  }
  return result;
}

std::string read_template(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file || text.empty())
    throw std::runtime_error{path + " can't be read"};
  return text;
}

void write_manual(const std::string& from, const std::string& to,
                  const std::string& date) {
  auto text = read_template(from);
  for (const auto& [name, value] : parts(date))
    if (auto at = text.find(name); at != text.npos)
      text.replace(at, name.size(), value);
  std::ofstream file{to, std::ios::binary | std::ios::trunc};
  if (!(file << text << std::flush))
    throw std::runtime_error{to + " can't be written"};
}

} // namespace

int main(int argc, char** argv) {
  constexpr int words = 4;
  if (argc != words) {
    std::cerr << "usage: manual_writer TEMPLATE OUTPUT DATE\n";
    return EXIT_FAILURE;
  }
  try {
    write_manual(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::cerr << "manual_writer: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
