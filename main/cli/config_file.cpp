#include "main/cli/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <sstream>
#include <system_error>

namespace container_agent {

namespace {

constexpr std::string_view section = "container-agent";

/// A value as the command line would have it; nothing if it is a table or a
/// date.
std::optional<std::string> text_of(const toml::node& value) {
  if (auto text = value.value_exact<std::string>())
    return text;
  if (auto number = value.value_exact<std::int64_t>())
    return std::to_string(*number);
  if (auto is = value.value_exact<bool>())
    return *is ? "true" : "false";
  if (!value.is_floating_point())
    return std::nullopt;
  std::ostringstream text;
  text << value.as_floating_point()->get();
  return text.str();
}

config_error at(const toml::node& value, std::string what) {
  return {value.source().begin.line, std::move(what)};
}

/// Adds what a table holds; returns what is wrong with it.
std::optional<config_error> add(const toml::table& table,
                                std::vector<config_entry>& entries,
                                bool may_have_sections) {
  for (const auto& [key, value] : table) {
    if (value.is_table() && may_have_sections) {
      if (key.str() != section)
        return at(value, "unknown section [" + std::string{key.str()}
                           + "]; there is only [container-agent]");
      if (auto error = add(*value.as_table(), entries, false))
        return error;
      continue;
    }
    config_entry entry;
    entry.name = key.str();
    entry.line = value.source().begin.line;
    const auto* array = value.as_array();
    entry.is_array = array != nullptr;
    for (std::size_t i = 0; i < (entry.is_array ? array->size() : 1); ++i) {
      const auto& one = entry.is_array ? *array->get(i) : value;
      auto text = text_of(one);
      if (!text)
        return at(one, entry.name
                         + " wants a text, a number, true or false, or an "
                           "array of these");
      entry.values.push_back(std::move(*text));
    }
    entries.push_back(std::move(entry));
  }
  return std::nullopt;
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

} // namespace

std::variant<std::vector<config_entry>, config_error>
parse_config(std::string_view text) {
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return config_error{error.source().begin.line,
                        std::string{error.description()}
                          + "; a text needs quotes"};
  }
  std::vector<config_entry> entries;
  if (auto error = add(file, entries, true))
    return *error;
  std::ranges::stable_sort(entries, {}, &config_entry::line);
  return entries;
}

std::variant<std::vector<config_entry>, config_error>
read_config_file(const std::string& path) {
  // Non-blocking, so that a FIFO given by mistake does not hang the start.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return config_error{0, reason(errno)};
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } close_at_end{fd};
  struct stat status;
  if (::fstat(fd, &status) != 0)
    return config_error{0, reason(errno)};
  if (!S_ISREG(status.st_mode))
    return config_error{0, "it is no regular file"};
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0)
      return config_error{0, reason(errno)};
    if (count == 0)
      return parse_config(text);
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > largest_config_file)
      return config_error{0, "it has more than 1 MiB"};
  }
}

} // namespace container_agent
