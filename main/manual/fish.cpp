#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"

namespace container_agent::manual {

namespace {

/// In fish's single quotes only \ and ' are special.
std::string fish_text(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '\'';
}

std::string fish_value(const option_description& option) {
  switch (kind_of(option)) {
    case value_kind::none: return "";
    case value_kind::word: return " -x -a " + fish_text(joined(option.values));
    case value_kind::folder: return " -x -a '(__fish_complete_directories)'";
    case value_kind::file: return " -r -F";
    case value_kind::program: return " -x -a '(__fish_complete_command)'";
    default: return " -x";
  }
}

/// `complete` for the command lines of one command.
std::string completion(std::string_view condition, const std::string& rest) {
  return "complete -c container-agent -n " + fish_text(condition) + rest + '\n';
}

std::string is(const std::string& command) {
  return "__container_agent_is " + fish_text(command);
}

std::string option_completion(const std::string& command,
                              const option_description& option) {
  return completion(is(command), " -l " + option.name + fish_value(option)
                                   + " -d " + fish_text(option.help));
}

std::string word_completion(std::string_view condition, std::string_view word,
                            std::string_view help) {
  return completion(condition,
                    " -a " + std::string{word} + " -d " + fish_text(help));
}

} // namespace

replacements fish_parts(const commands& all) {
  std::string result;
  for (const auto& command : all) {
    constexpr std::string_view trace = "trace ";
    if (command.words.starts_with(trace))
      result += word_completion(is("trace"), command.words.substr(trace.size()),
                                command.help);
    else if (!command.words.empty())
      result += word_completion("__container_agent_begins", command.words,
                                command.help);
    if (!command.operands.empty())
      result += completion(is(command.words), " -F");
    for (const auto& option : command.options)
      result += option_completion(command.words, option);
  }
  result += word_completion("__container_agent_begins", "trace",
                            "what the actors say to each other");
  result.pop_back();
  return {{"COMPLETIONS", result}};
}

} // namespace container_agent::manual
