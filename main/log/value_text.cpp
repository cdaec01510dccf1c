#include "main/log/value_text.hpp"

#include "main/log/redaction.hpp"

#include <array>
#include <charconv>
#include <cstdio>

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
  for (char c : redact(text)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      result += c;
      continue;
    }
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x",
                  static_cast<unsigned char>(c));
    result += escape;
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  auto clean = redact(text);
  return '"' + printable(clean.substr(0, longest))
         + (clean.size() > longest ? "…\"" : "\"");
}

} // namespace container_agent
