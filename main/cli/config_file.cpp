#include "main/cli/config_file.hpp"

#include "main/cli/value_text.hpp"

#include <toml++/toml.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace container_agent {

namespace {

constexpr std::string_view section = "container-agent";

/// A value as the command line would have it; nothing if it could not.
std::optional<std::string> text_of(const toml::node& value) {
  if (auto number = value.value_exact<std::int64_t>())
    return std::to_string(*number);
  if (auto is = value.value_exact<bool>())
    return *is ? "true" : "false";
  auto text = value.value_exact<std::string>();
  return text && text->find('\0') == text->npos ? text : std::nullopt;
}

[[noreturn]] void fail(const std::string& path, const toml::source_region& at,
                       const std::string& what) {
  throw option_error{path + ':' + std::to_string(at.begin.line) + ": " + what,
                     "docs/options.md has an example of such a file."};
}

/// Adds what a table holds.
void add(const toml::table& table, const std::string& path,
         config_entries& entries, bool may_have_sections) {
  for (const auto& [key, value] : table) {
    std::string name{key.str()};
    if (value.is_table() && may_have_sections) {
      if (name != section)
        fail(path, value.source(),
             "unknown section [" + name + "]; there is only [container-agent]");
      add(*value.as_table(), path, entries, false);
      continue;
    }
    auto& entry = entries[name];
    entry = {
      {}, path + ':' + std::to_string(value.source().begin.line) + ": " + name};
    auto add_value = [&](const toml::node& one) {
      auto text = text_of(one);
      if (!text)
        fail(path, one.source(),
             name
               + " wants a text, a number, true or false, or an array of "
                 "these");
      entry.values.push_back(std::move(*text));
    };
    if (const auto* array = value.as_array())
      for (const auto& one : *array)
        add_value(one);
    else
      add_value(value);
  }
}

} // namespace

config_entries parse_config(std::string_view text, const std::string& path) {
  config_entries entries;
  try {
    add(toml::parse(text), path, entries, true);
  } catch (const toml::parse_error& error) {
    fail(path, error.source(),
         std::string{error.description()} + "; a text needs quotes");
  }
  return entries;
}

config_entries read_config_file(const std::string& path) {
  auto refuse = [&](const std::string& why) {
    throw option_error{"can't read " + in_quotes(path) + ": " + why,
                       "Name a file that is there and may be read: --config."};
  };
  // Looked at first: to open a FIFO given by mistake would hang the start.
  std::error_code error;
  bool is_file = std::filesystem::is_regular_file(path, error);
  if (error)
    refuse(error.message());
  if (!is_file)
    refuse("it is no regular file");
  if (std::filesystem::file_size(path, error) > largest_config_file)
    refuse("it has more than 1 MiB");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file)
    refuse(std::generic_category().message(errno));
  return parse_config(text, path);
}

} // namespace container_agent
