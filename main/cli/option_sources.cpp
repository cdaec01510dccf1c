#include "main/cli/option_sources.hpp"

#include "main/cli/config_file.hpp"
#include "main/cli/value_text.hpp"

#include <algorithm>

namespace container_agent {

namespace {

constexpr std::string_view prefix = "CONTAINER_AGENT_";

/// Kubernetes gives each pod such variables for each service, so a service
/// named container-agent makes some that are no mistake.
bool is_kubernetes_service(std::string_view variable) {
  return variable.starts_with("CONTAINER_AGENT_SERVICE_")
         || variable.starts_with("CONTAINER_AGENT_PORT");
}

const option_row* option_of_variable(std::string_view variable) {
  for (const auto& row : option_table())
    if (environment_name(row.name) == variable)
      return &row;
  return nullptr;
}

std::string spell_choices(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

} // namespace

option_sources::option_sources(command_line line,
                               const std::vector<std::string>& environment) {
  for (auto& [name, values] : line.values)
    given_[name] = given{std::move(values), "--" + std::string{name}};
  take_environment(environment);
  if (auto* path = value("config"))
    take_file(*path);
}

void option_sources::take_environment(
  const std::vector<std::string>& environment) {
  for (std::string_view variable : environment) {
    if (!variable.starts_with(prefix))
      continue;
    auto equals = variable.find('=');
    if (equals == std::string_view::npos || equals + 1 == variable.size())
      continue;
    std::string name{variable.substr(0, equals)};
    std::string text{variable.substr(equals + 1)};
    auto* row = option_of_variable(name);
    if (row == nullptr) {
      if (!is_kubernetes_service(name))
        warnings_.push_back(name + " is no option and was ignored");
      continue;
    }
    if (command_line_only(row->name) || has(row->name))
      continue;
    given entry{{text}, name};
    if (row->kind == option_kind::many) {
      auto words = split_words(text);
      if (!words)
        throw option_error{name, "a quote is not closed in " + in_quotes(text),
                           "Separate values by blanks; quote those that have "
                           "blanks in them."};
      entry.values = std::move(*words);
    }
    given_[row->name] = std::move(entry);
  }
}

void option_sources::take_file(const std::string& path) {
  auto content = read_config_file(path);
  if (auto* error = std::get_if<config_error>(&content)) {
    if (error->line == 0)
      throw option_error{where("config"),
                         "can't read " + in_quotes(path) + ": " + error->what,
                         "Name a file that is there and may be read."};
    throw option_error{path + ':' + std::to_string(error->line), error->what,
                       "docs/options.md has an example of such a file."};
  }
  std::map<std::string_view, given> in_file;
  for (auto& entry : std::get<0>(content)) {
    auto place = path + ':' + std::to_string(entry.line);
    auto* row = find_option(entry.name);
    if (row == nullptr)
      throw option_error{place, "unknown option " + in_quotes(entry.name),
                         "See container-agent --help."};
    if (command_line_only(row->name) || row->name == "config")
      throw option_error{place, entry.name + " has no place in a file",
                         "Give it on the command line."};
    if (row->kind != option_kind::many && entry.is_array)
      throw option_error{place, entry.name + " takes one value, not an array",
                         "Write " + entry.name + " = value."};
    auto& known = in_file[row->name];
    if (row->kind != option_kind::many)
      known.values.clear();
    std::move(entry.values.begin(), entry.values.end(),
              std::back_inserter(known.values));
    known.where = place + ": " + entry.name;
  }
  for (auto& [name, entry] : in_file)
    given_.try_emplace(name, std::move(entry));
}

std::string option_sources::where(std::string_view name) const {
  auto found = given_.find(name);
  return found == given_.end() ? "--" + std::string{name} : found->second.where;
}

const std::string* option_sources::value(std::string_view name) const {
  auto found = given_.find(name);
  if (found == given_.end() || found->second.values.empty())
    return nullptr;
  return &found->second.values.back();
}

void option_sources::read(std::string_view name, std::string& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  if (text->empty())
    throw option_error{where(name), "the value is empty",
                       "Leave the option out for its default."};
  if (std::any_of(text->begin(), text->end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    throw option_error{where(name),
                       in_quotes(*text) + " has a control character in it",
                       "Check how the value was quoted."};
  target = *text;
}

void option_sources::read(std::string_view name,
                          std::vector<std::string>& target) const {
  if (auto found = given_.find(name); found != given_.end())
    target = found->second.values;
}

void option_sources::read(std::string_view name, bool& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_switch(*text);
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is neither yes nor no",
                       "Give true or false."};
  target = *parsed;
}

void option_sources::read_permissions(std::string_view name,
                                      std::uint32_t& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_permissions(*text);
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is no octal mode",
                       "Give one from 0600 to 0777, such as 0660."};
  target = *parsed;
}

void option_sources::read_count(std::string_view name, std::uint64_t least,
                                std::uint64_t most,
                                std::uint64_t& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_count(*text);
  auto advice = "Give a whole number from " + std::to_string(least) + " to "
                + std::to_string(most) + '.';
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is no whole number",
                       advice};
  if (*parsed < least || *parsed > most)
    throw option_error{where(name), *text + " is out of range", advice};
  target = *parsed;
}

void option_sources::read_size(std::string_view name, std::uint64_t least,
                               std::uint64_t most,
                               std::uint64_t& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_size(*text);
  auto advice = "Give one from " + format_size(least) + " to "
                + format_size(most) + ", such as 64KiB, 16MiB or 4096.";
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is no size", advice};
  if (*parsed < least || *parsed > most)
    throw option_error{where(name), *text + " is out of range", advice};
  target = *parsed;
}

void option_sources::read_duration(std::string_view name,
                                   std::chrono::milliseconds least,
                                   std::chrono::milliseconds most,
                                   std::chrono::milliseconds& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_duration(*text);
  auto advice = "Give one from " + format_duration(least) + " to "
                + format_duration(most) + ", such as 500ms, 7s or 2m.";
  if (!parsed && parse_count(*text))
    throw option_error{where(name), in_quotes(*text) + " has no unit",
                       "Write " + *text + "s or " + *text + "ms."};
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is no time", advice};
  if (*parsed < least || *parsed > most)
    throw option_error{where(name), *text + " is out of range", advice};
  target = *parsed;
}

void option_sources::read_part(std::string_view name, double& target) const {
  auto* text = value(name);
  if (text == nullptr)
    return;
  auto parsed = parse_part(*text);
  if (!parsed)
    throw option_error{where(name), in_quotes(*text) + " is no part of a whole",
                       "Give a number from 0 to 1, such as 0.2."};
  target = *parsed;
}

std::size_t
option_sources::choose(std::string_view name,
                       const std::vector<std::string_view>& words) const {
  auto* text = value(name);
  if (text == nullptr)
    return words.size();
  auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  throw option_error{where(name),
                     in_quotes(*text) + " is not " + spell_choices(words),
                     "Choose one of these."};
}

} // namespace container_agent
