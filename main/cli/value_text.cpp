#include "main/cli/value_text.hpp"

#include "main/log/redaction.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace container_agent {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array size_units{
  unit{"GiB", 1024 * 1024 * 1024},
  unit{"MiB", 1024 * 1024},
  unit{"KiB", 1024},
};

constexpr std::array duration_units{
  unit{"h", 60 * 60 * 1000},
  unit{"m", 60 * 1000},
  unit{"s", 1000},
  unit{"ms", 1},
};

/// In the largest unit that leaves nothing over.
template <std::size_t N>
std::string format(std::uint64_t number, const std::array<unit, N>& units) {
  for (const auto& unit : units)
    if (number != 0 && number % unit.factor == 0)
      return std::to_string(number / unit.factor) + std::string{unit.name};
  return std::to_string(number);
}

/// Arguments over this are told by their size: nobody reads them in a log, and
/// they tend to be prompts.
constexpr std::size_t longest_argument = 200;

/// Claude's options whose value is somebody's text, or settings that may hold
/// keys.
bool is_text_option(std::string_view name) {
  constexpr std::array<std::string_view, 7> all{
    "--system-prompt", "--append-system-prompt", "--settings", "--mcp-config",
    "--agents",        "--json-schema",          "--prompt",
  };
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::string told_by_size(std::string_view text) {
  return '[' + std::to_string(text.size()) + " bytes]";
}

} // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

std::string format_size(std::uint64_t bytes) {
  return format(bytes, size_units);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool escapes = c == '\\' && quote != '\'';
    // Within double quotes a backslash is itself, but before these.
    if (escapes && quote == '"')
      escapes
        = i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escapes) {
      if (++i == text.size())
        return std::nullopt;
      word += text[i];
      in_word = true;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      in_word = true;
    } else if (quote == 0
               && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (in_word)
        words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0)
    return std::nullopt;
  if (in_word)
    words.push_back(std::move(word));
  return words;
}

std::string printable(std::string_view text) {
  std::string result;
  append_visible(result, redact(text));
  return result;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  auto clean = redact(text);
  auto shown = first_bytes(clean, longest);
  std::string result = "\"";
  append_visible(result, shown);
  return result + (shown.size() < clean.size() ? "…\"" : "\"");
}

std::string redact_arguments(const std::vector<std::string>& arguments) {
  std::string line;
  std::string_view before; // the option that this may be the value of
  for (std::string_view argument : arguments) {
    line += line.empty() ? "" : " ";
    auto is_option = argument.starts_with("--");
    auto equals = argument.find('=');
    auto option = is_option ? argument.substr(0, equals) : std::string_view{};
    if (!is_option && is_secret_name(before))
      line += redacted;
    else if (is_text_option(before) || argument.size() > longest_argument)
      line += told_by_size(argument);
    else if (is_text_option(option) && equals != std::string_view::npos)
      (line += option) += '=' + told_by_size(argument.substr(equals + 1));
    else
      line += redact(argument);
    before = equals == std::string_view::npos ? option : std::string_view{};
  }
  return line;
}

} // namespace container_agent
