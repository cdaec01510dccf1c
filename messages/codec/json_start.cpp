#include "messages/codec/json_start.hpp"

#include "messages/codec/json_reader.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::codec {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view behind(std::string_view text, std::string_view skipped) {
  auto at = std::min(text.find_first_not_of(skipped), text.size());
  return text.substr(at);
}

bool is_like_array(std::string_view text) {
  auto first = behind(text, "[ \t\r\n");
  auto depth = std::count(text.begin(), text.end() - first.size(), '[');
  if (first.empty() || first.front() == '{' || first.front() == '"'
      || depth > std::ptrdiff_t{max_json_depth}) // which nobody checks
    return true;
  auto word = first.substr(0, first.find_first_of(" \t\r\n,[]"));
  if (!word.empty() && !is_json(word))
    return false;
  auto next = behind(first.substr(word.size()), blanks);
  return next.empty() || (!word.empty() && next.front() == ',')
         || is_json(text);
}

/// What follows the string that `text` begins with; null if that has no end.
const char* end_of_string(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at)
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return text.data() + at + 1;
  return nullptr;
}

bool is_like_string(std::string_view text) {
  const auto* end = end_of_string(text);
  if (end == nullptr)
    return false;
  auto size = static_cast<std::size_t>(end - text.data());
  auto next = behind(text.substr(size), blanks);
  if (next.empty())
    return is_json(text.substr(0, size));
  auto value = behind(next.substr(1), blanks);
  if (next.front() == ',')
    return value.empty();
  if (next.front() != ':')
    return false;
  auto word = value.substr(0, value.find_first_of(" \t\r\n,}]"));
  return value.empty() || value.front() == '"' || value.front() == '{'
         || value.front() == '[' || is_json(word);
}

} // namespace

std::string_view without_mark(std::string_view line) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return line.substr(line.starts_with(mark) ? mark.size() : 0);
}

json_start start_of(std::string_view line) {
  auto text = behind(without_mark(line), blanks);
  if (text.empty())
    return json_start::text;
  auto other = false;
  switch (text.front()) {
    case '{': return json_start::object;
    case '[': other = is_like_array(text); break;
    case '"': other = is_like_string(text); break;
    case '}':
    case ']': other = behind(text, "}], \t\r\n").empty(); break;
    default: break;
  }
  return other ? json_start::other : json_start::text;
}

void bracket_count::feed(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (std::exchange(escaped_, false)) {
      ++at;
      continue;
    }
    at = in_string_ ? text.find_first_of("\"\\", at)
                    : text.find_first_of("\"{}[]", at);
    if (at == std::string_view::npos)
      return;
    switch (text[at++]) {
      case '"': in_string_ = !in_string_; break;
      case '\\': escaped_ = true; break;
      case '{':
      case '[': ++depth_; break;
      default: --depth_;
    }
  }
}

} // namespace container_agent::codec
