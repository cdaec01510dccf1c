#include "main/cli/option_reader.hpp"

#include "main/cli/environment.hpp"
#include "main/cli/option_values.hpp"
#include "main/cli/value_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace container_agent {

namespace {

bool takes_a_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// Kubernetes gives each pod such variables for each service, so a service
/// named container-agent makes some that are no mistake.
bool is_kubernetes_service(std::string_view variable) {
  return variable.starts_with("CONTAINER_AGENT_SERVICE_")
         || variable.starts_with("CONTAINER_AGENT_PORT");
}

} // namespace

option_reader::option_reader(option_table& table, int argc,
                             const char* const* argv)
  : table_{table} {
  int i = 1;
  for (; i < argc && argv[i] != std::string_view{"--"}; ++i) {
    words_.emplace_back(argv[i]);
    // CLI11 2.1 would take the next word for the value of `--name=`.
    auto& word = words_.back();
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      word.pop_back();
      words_.emplace_back();
    }
  }
  on_line_ = words_.size();
  passed_on_.assign(argv + std::min(i + 1, argc), argv + argc);
}

void option_reader::read() {
  parse();
  if (auto extras = table_.app.remaining(true); !extras.empty())
    throw option_error{(extras.front().starts_with('-')
                          ? "unknown option "
                          : "unexpected argument ")
                         + in_quotes(extras.front()),
                       "See container-agent --help; arguments for Claude go "
                       "after a single --."};
  read_file();
  for (auto* app : apps())
    for (const auto* option : app->get_options())
      if (app->parsed() > 0 && option->count() == 0)
        add(*option);
  parse();
}

void option_reader::parse() {
  table_.app.parse(std::vector<std::string>{words_.rbegin(), words_.rend()});
}

void option_reader::read_file() {
  if (table_.agent.config_file.empty())
    return;
  added_ = read_config_file(table_.agent.config_file);
  for (const auto& [name, entry] : added_) {
    const auto* option = find(name);
    if (option == nullptr)
      throw option_error{entry.where + " is an unknown option",
                         "See container-agent --help."};
    if (!option->get_configurable())
      throw option_error{entry.where + " has no place in a file",
                         "Give it on the command line."};
    if (entry.values.size() != 1 && !is_list(*option))
      throw option_error{entry.where + " takes one value, not an array",
                         "Write " + name + " = value."};
  }
}

void option_reader::add(const CLI::Option& option) {
  auto name = option.get_single_name();
  auto variable = environment_name(name);
  const char* list = is_list(option) ? std::getenv(variable.c_str()) : nullptr;
  if (list != nullptr && *list != '\0') {
    auto words = split_words(list);
    if (!words)
      throw option_error{
        variable + ": a quote is not closed in " + in_quotes(list),
        "Separate values by blanks, with quotes as in a shell."};
    added_[name] = {std::move(*words), variable};
  }
  auto found = added_.find(name);
  if (found == added_.end())
    return;
  for (const auto& value : found->second.values) {
    bool is_flag = !takes_a_value(option);
    words_.push_back(option.get_name() + (is_flag ? '=' + value : ""));
    if (!is_flag)
      words_.push_back(value);
  }
}

std::vector<CLI::App*> option_reader::apps() const {
  auto result = table_.app.get_subcommands({});
  result.insert(result.begin(), &table_.app);
  return result;
}

CLI::Option* option_reader::find(const std::string& name) const {
  for (auto* app : apps())
    if (auto* option = app->get_option_no_throw("--" + name))
      return option;
  return nullptr;
}

std::string option_reader::where(const std::string& name) const {
  auto option = "--" + name;
  auto variable = environment_name(name);
  auto end = words_.begin() + static_cast<std::ptrdiff_t>(on_line_);
  if (std::any_of(words_.begin(), end, [&](const auto& word) {
        return word == option || word.starts_with(option + '=');
      }))
    return option;
  if (const char* value = std::getenv(variable.c_str()); value && *value)
    return variable;
  auto found = added_.find(name);
  return found == added_.end() ? option : found->second.where;
}

std::string option_reader::named(const std::string& option) const {
  const auto* found = find(option.substr(2));
  auto type = found->get_type_name();
  // Of times and sizes CLI11 keeps milliseconds and bytes only.
  bool as_given = takes_a_value(*found) && found->count() == 1
                  && !type.starts_with("TIME") && !type.starts_with("SIZE");
  return where(option.substr(2))
         + (as_given ? ' ' + found->results().front() : "");
}

option_error option_reader::explain(const CLI::ParseError& error) const {
  // "--name: why", or "--name requires --other" and "--name excludes --other".
  std::string text = error.what();
  auto option = text.substr(0, text.find_first_of(": "));
  auto rest = text.substr(option.size());
  const auto* found
    = option.starts_with("--") ? find(option.substr(2)) : nullptr;
  if (found == nullptr)
    return {printable(text), "See container-agent --help."};
  bool excludes = error.get_name() == "ExcludesError";
  if (excludes || error.get_name() == "RequiresError") {
    auto other = rest.rfind("--");
    return {printable(named(option) + rest.substr(0, other)
                      + named(rest.substr(other))),
            excludes ? "Leave one of the two out."
                     : "Give both, or leave the first one out."};
  }
  auto wanted = found->get_type_name(); // "TIME:such as 7s"
  if (auto colon = wanted.find(':'); colon != wanted.npos)
    wanted.insert(colon + 1, " ");
  return {printable(where(option.substr(2)) + rest),
          "Give " + (wanted.empty() ? "true or false" : wanted) + '.'};
}

std::vector<std::string> option_reader::warnings() const {
  std::set<std::string> known;
  for (auto* app : apps())
    for (const auto* option : app->get_options())
      known.insert(environment_name(option->get_single_name()));
  std::vector<std::string> result;
  for (const auto& variable : own_environment()) {
    auto equals = variable.find('=');
    auto name = variable.substr(0, equals);
    if (name.starts_with("CONTAINER_AGENT_") && equals + 1 < variable.size()
        && !known.contains(name) && !is_kubernetes_service(name))
      result.push_back(name + " is no option and was ignored");
  }
  return result;
}

} // namespace container_agent
