#include "main/cli/value_text.hpp"

#include "main/log/ascii.hpp"
#include "main/log/redaction.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace container_agent {

namespace {

using namespace std::chrono_literals;

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// The largest that fits is the one that is written; the others are read.
constexpr std::array size_units{
  unit{"GiB", 1 << 30},
  unit{"MiB", 1 << 20},
  unit{"KiB", 1 << 10},
  unit{"", 1},
  unit{"B", 1},
  unit{"G", 1 << 30},
  unit{"M", 1 << 20},
  unit{"K", 1 << 10},
  unit{"GB", 1000 * 1000 * 1000},
  unit{"MB", 1000 * 1000},
  unit{"KB", 1000},
};

constexpr std::array duration_units{
  unit{"h", 60 * 60 * 1000},
  unit{"m", 60 * 1000},
  unit{"s", 1000},
  unit{"ms", 1},
};

/// A longer one would overflow what timers are set to.
constexpr auto longest_duration = std::chrono::milliseconds{24h * 366};

constexpr std::string_view digits = "0123456789";

template <class T>
std::optional<T> to_number(std::string_view text, int base = 10) {
  T value = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

std::string spell(std::uint64_t count, std::span<const unit> units) {
  for (const auto& each : units)
    if (count != 0 && count % each.factor == 0)
      return std::to_string(count / each.factor) + std::string{each.name};
  return "0";
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

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto name = ascii_lower(
    text.substr(std::min(text.find_first_not_of(digits), text.size())));
  auto value
    = to_number<std::uint64_t>(text.substr(0, text.size() - name.size()));
  for (const auto& each : size_units)
    if (value && name == ascii_lower(each.name)
        && *value <= std::numeric_limits<std::uint64_t>::max() / each.factor)
      return *value * each.factor;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::uint64_t scale = 1'000'000'000; // 9 decimals
  if (text == "0")
    return 0ms;
  auto end = text.find_first_not_of(digits);
  auto whole = to_number<std::uint64_t>(text.substr(0, end));
  text.remove_prefix(std::min(end, text.size()));
  std::string decimals = "0";
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    decimals = text.substr(0, text.find_first_not_of(digits));
    text.remove_prefix(decimals.size());
  }
  if (decimals.empty() || decimals.size() > 9)
    return std::nullopt;
  decimals.resize(9, '0');
  auto part = to_number<std::uint64_t>(decimals);
  auto limit = static_cast<std::uint64_t>(longest_duration.count());
  for (const auto& each : duration_units)
    if (whole && text == each.name && *whole <= limit / each.factor
        && *part * each.factor % scale == 0)
      if (auto total = *whole * each.factor + *part * each.factor / scale;
          total <= limit)
        return std::chrono::milliseconds{total};
  return std::nullopt;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return to_number<std::uint64_t>(text);
}

std::optional<double> parse_part(std::string_view text) {
  double value = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), value);
  auto is_part = value >= 0 && value <= 1; // "nan" is neither
  if (error != std::errc{} || end != text.data() + text.size() || !is_part)
    return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_permissions(std::string_view text) {
  if (text.starts_with("0o"))
    text.remove_prefix(2);
  auto value = to_number<std::uint32_t>(text, 8);
  return value && *value <= 0777 ? value : std::nullopt;
}

std::optional<bool> parse_switch(std::string_view text) {
  auto word = ascii_lower(text);
  for (auto yes : {"true", "yes", "on", "1"})
    if (word == yes)
      return true;
  for (auto no : {"false", "no", "off", "0"})
    if (word == no)
      return false;
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  return spell(bytes, size_units);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return spell(static_cast<std::uint64_t>(duration.count()), duration_units);
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
