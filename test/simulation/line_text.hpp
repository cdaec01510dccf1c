#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Just enough of JSON for lines whose shape the simulation knows. Not the
/// codec's reader: that is among what is judged.
namespace container_agent::simulation {

/// `line` without the blanks at its ends.
inline std::string_view without_blanks(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  auto begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

/// `line` for a person: its beginning.
inline std::string shown(std::string_view line) {
  constexpr std::size_t most = 300;
  return "`" + std::string{line.substr(0, most)}
         + (line.size() > most ? "…" : "") + "`";
}

/// The text of the first member of this name; empty if there is none.
inline std::string member(std::string_view line, std::string_view name) {
  auto key = '"' + std::string{name} + "\":\"";
  auto at = line.find(key);
  if (at == std::string_view::npos)
    return {};
  at += key.size();
  return std::string{line.substr(at, line.find('"', at) - at)};
}

/// The number that is the last member of this name; 0 if there is none.
inline std::uint64_t number(std::string_view line, std::string_view name) {
  auto key = '"' + std::string{name} + "\":";
  auto at = line.rfind(key);
  if (at == std::string_view::npos)
    return 0;
  std::uint64_t value = 0;
  for (at += key.size(); at < line.size() && line[at] >= '0' && line[at] <= '9';
       ++at)
    value = value * 10 + static_cast<std::uint64_t>(line[at] - '0');
  return value;
}

/// The prompts that a `result` answers. Other lines name those that they belong
/// to likewise; they answer none.
inline std::vector<std::string> answered_by(std::string_view line) {
  constexpr std::string_view key = "\"user_message_uuids\":[";
  std::vector<std::string> result;
  auto at = line.find(key);
  if (at == std::string_view::npos
      || line.find("\"type\":\"result\"") == std::string_view::npos)
    return result;
  at += key.size();
  while (at < line.size() && line[at] == '"') {
    auto end = line.find('"', at + 1);
    result.emplace_back(line.substr(at + 1, end - at - 1));
    at = line[end + 1] == ',' ? end + 2 : end + 1;
  }
  return result;
}

} // namespace container_agent::simulation
