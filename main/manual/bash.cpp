#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"

#include <algorithm>

namespace container_agent::manual {

namespace {

std::string bash_case(const command_description& command) {
  std::vector<std::string> names;
  for (const auto& option : command.options)
    names.push_back("--" + option.name);
  return "    '" + command.words + "') echo '" + joined(names) + "' ;;\n";
}

/// What bash does for a value. Where it can do nothing, it must not offer the
/// options either.
std::string bash_action(const option_description& option) {
  switch (kind_of(option)) {
    case value_kind::word:
      return "_container_agent_words '" + joined(option.values) + "' \"$2\"";
    case value_kind::folder: return "_container_agent_files -d \"$2\"";
    case value_kind::file: return "_container_agent_files -f \"$2\"";
    case value_kind::program: return "_container_agent_files -c \"$2\"";
    default: return "true";
  }
}

std::string values_cases(const commands& all) {
  // By what is done, in the order of the options.
  std::vector<std::pair<std::string, std::vector<std::string>>> cases;
  for (const auto& command : all)
    for (const auto& option : command.options) {
      if (kind_of(option) == value_kind::none)
        continue;
      auto what = bash_action(option);
      auto found = std::find_if(cases.begin(), cases.end(),
                                [&](const auto& x) { return x.first == what; });
      if (found == cases.end())
        found = cases.insert(cases.end(), {what, {}});
      auto name = "--" + option.name;
      auto& names = found->second;
      if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  std::string result;
  for (const auto& [what, names] : cases) {
    std::string patterns;
    for (const auto& name : names)
      patterns += (patterns.empty() ? "" : " | ") + name;
    result += "    " + patterns + ")\n      " + what + " ;;\n";
  }
  return result;
}

} // namespace

replacements bash_parts(const commands& all) {
  std::string options;
  std::vector<std::string> words;
  std::vector<std::string> tools;
  for (const auto& command : all) {
    options += bash_case(command);
    if (command.words.starts_with("trace "))
      tools.push_back(command.words.substr(command.words.find(' ') + 1));
    else if (!command.words.empty())
      words.push_back(command.words);
  }
  words.emplace_back("trace");
  return {{"OPTIONS_OF", options},
          {"VALUES_OF", values_cases(all)},
          {"COMMANDS", joined(words)},
          {"TOOLS", joined(tools)}};
}

} // namespace container_agent::manual
