#include "main/log/value_text.hpp"

#include "main/log/ascii.hpp"

#include "main/log/redaction.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace container_agent {

namespace {

using namespace std::chrono_literals;

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array size_units{
  unit{"", 1},
  unit{"b", 1},
  unit{"kib", 1024},
  unit{"mib", 1024 * 1024},
  unit{"gib", 1024 * 1024 * 1024},
  unit{"k", 1024},
  unit{"m", 1024 * 1024},
  unit{"g", 1024 * 1024 * 1024},
  unit{"kb", 1000},
  unit{"mb", 1000 * 1000},
  unit{"gb", 1000 * 1000 * 1000},
};

constexpr std::array duration_units{
  unit{"ms", 1},
  unit{"s", 1000},
  unit{"m", 60 * 1000},
  unit{"h", 60 * 60 * 1000},
};

/// A longer one would overflow what timers are set to.
constexpr auto longest_duration = std::chrono::milliseconds{24h * 366};

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result)
    c = ascii_lower(c);
  return result;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& text) {
  auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

std::optional<std::uint64_t> to_number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  auto [rest, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || rest != end || digits.empty())
    return std::nullopt;
  return value;
}

template <std::size_t N>
const unit* find_unit(const std::array<unit, N>& units, std::string_view name) {
  auto found = std::find_if(units.begin(), units.end(),
                            [&](const unit& x) { return x.name == name; });
  return found == units.end() ? nullptr : &*found;
}

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto value = to_number(take_digits(text), 10);
  auto* found = find_unit(size_units, lower(text));
  if (!value || found == nullptr)
    return std::nullopt;
  if (*value > std::numeric_limits<std::uint64_t>::max() / found->factor)
    return std::nullopt;
  return *value * found->factor;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0")
    return 0ms;
  auto whole = to_number(take_digits(text), 10);
  std::string_view decimals;
  if (whole && text.starts_with('.')) {
    text.remove_prefix(1);
    decimals = take_digits(text);
    if (decimals.empty())
      return std::nullopt;
  }
  auto* found = find_unit(duration_units, text);
  if (!whole || found == nullptr)
    return std::nullopt;
  auto limit = static_cast<std::uint64_t>(longest_duration.count());
  if (*whole > limit / found->factor)
    return std::nullopt;
  auto total = *whole * found->factor;
  if (!decimals.empty()) {
    // With nine digits the product below fits easily.
    auto fraction = to_number(decimals, 10);
    if (decimals.size() > 9)
      return std::nullopt;
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < decimals.size(); ++i)
      scale *= 10;
    if (*fraction * found->factor % scale != 0)
      return std::nullopt;
    total += *fraction * found->factor / scale;
  }
  if (total > limit)
    return std::nullopt;
  return std::chrono::milliseconds{total};
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return to_number(text, 10);
}

std::optional<double> parse_part(std::string_view text) {
  double value = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0
      || value > 1)
    return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_permissions(std::string_view text) {
  if (text.starts_with("0o"))
    text.remove_prefix(2);
  auto value = to_number(text, 8);
  if (!value || *value > 0777)
    return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<bool> parse_switch(std::string_view text) {
  auto word = lower(text);
  for (auto yes : {"true", "yes", "on", "1"})
    if (word == yes)
      return true;
  for (auto no : {"false", "no", "off", "0"})
    if (word == no)
      return false;
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  for (auto name : {"GiB", "MiB", "KiB"}) {
    auto factor = find_unit(size_units, lower(name))->factor;
    if (bytes != 0 && bytes % factor == 0)
      return std::to_string(bytes / factor) + name;
  }
  return std::to_string(bytes);
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0)
    return "0";
  for (auto name : {"h", "m", "s"}) {
    auto factor = find_unit(duration_units, name)->factor;
    if (count % factor == 0)
      return std::to_string(count / factor) + name;
  }
  return std::to_string(count) + "ms";
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
  std::string clean = redact(text);
  std::string result = "\"";
  for (char c : clean.substr(0, longest)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      result += c;
      continue;
    }
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x",
                  static_cast<unsigned char>(c));
    result += escape;
  }
  if (clean.size() > longest)
    result += "…";
  return result + '"';
}

} // namespace container_agent
