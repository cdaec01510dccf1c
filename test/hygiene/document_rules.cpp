#include "test/hygiene/document_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <regex>
#include <vector>

namespace container_agent::test {

namespace {

// Folders whose mention is a claim that something is there. Not build/, which
// is made, nor what a user's machine has.
constexpr std::array<std::string_view, 10> rooms{
  "messages", "actors", "main",   "test",    "docs",
  "tools",    "cmake",  "docker", "scripts", ".ci"};

std::vector<std::string> matches(const std::string& text,
                                 const std::regex& pattern) {
  std::vector<std::string> result;
  for (std::sregex_iterator at{text.begin(), text.end(), pattern}, end;
       at != end; ++at)
    result.push_back((*at)[1]);
  return result;
}

/// `main/wiring.{hpp,cpp}` is two paths.
std::vector<std::string> expand(const std::string& path) {
  auto open = path.find('{');
  auto close = path.find('}', open);
  if (open == std::string::npos || close == std::string::npos)
    return {path};
  std::vector<std::string> result;
  auto inner = path.substr(open + 1, close - open - 1) + ',';
  for (std::size_t at = 0; at < inner.size();) {
    auto comma = inner.find(',', at);
    for (auto& tail : expand(path.substr(close + 1)))
      result.push_back(path.substr(0, open) + inner.substr(at, comma - at)
                       + tail);
    at = comma + 1;
  }
  return result;
}

bool names_a_place(const std::string& span) {
  auto slash = span.find('/');
  if (slash == std::string::npos
      || span.find_first_of("*<> $=()\"") != std::string::npos
      || span.find("…") != std::string::npos
      || span.find("...") != std::string::npos
      || span.find("NAME") != std::string::npos)
    return false;
  auto room = span.substr(0, slash);
  return std::find(rooms.begin(), rooms.end(), room) != rooms.end();
}

/// `main/cli/options.cpp:12` and `main/cli/options.cpp` are the same file.
std::string without_line(const std::string& path) {
  static const std::regex number{R"(:\d+(-\d+)?$)"};
  return std::regex_replace(path, number, "");
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path{path}.parent_path().string();
}

} // namespace

complaints path_complaints(const source_file& document) {
  static const std::regex span{R"(`([^`\s]+)`)"};
  static const std::regex link{R"(\]\(([^)\s#:]+)(#[^)\s]*)?\))"};
  complaints result;
  std::size_t number = 0;
  for (const auto& line : lines_of(document.text)) {
    ++number;
    auto place = document.path + ':' + std::to_string(number) + ": ";
    for (const auto& text : matches(line, span))
      if (names_a_place(text))
        for (const auto& path : expand(without_line(text)))
          if (!exists_in_project(path))
            result.push_back(place + path + " does not exist");
    for (const auto& target : matches(line, link)) {
      auto path = std::filesystem::path{folder_of(document.path)} / target;
      if (!exists_in_project(path.lexically_normal().string()))
        result.push_back(place + "a link to " + target
                         + ", which is not there");
    }
  }
  return result;
}

std::set<std::string> options_in_help(std::string_view help) {
  static const std::regex option{R"(^\s+(?:-\w,\s*)?--([a-z][a-z0-9-]*))"};
  std::set<std::string> result;
  for (const auto& line : lines_of(help)) {
    std::smatch match;
    if (std::regex_search(line, match, option))
      result.insert(match[1]);
  }
  return result;
}

std::set<std::string> options_in_document(std::string_view document) {
  static const std::regex place{R"(^(?:\||#+|\s*[-*])\s*(`.*)$)"};
  static const std::regex option{R"(`(?:-\w,\s*)?--([a-z][a-z0-9-]*))"};
  std::set<std::string> result;
  for (const auto& line : lines_of(document)) {
    std::smatch match;
    if (!std::regex_search(line, match, place))
      continue;
    auto cell = match[1].str();
    if (line.front() == '|')
      cell = cell.substr(0, cell.find('|'));
    else if (line.front() != '#')
      cell = cell.substr(0, cell.find('`', 1));
    for (auto& name : matches(cell, option))
      result.insert(name);
  }
  return result;
}

complaints option_complaints(const std::set<std::string>& help,
                             const std::set<std::string>& document) {
  complaints result;
  for (const auto& name : help)
    if (!document.contains(name))
      result.push_back("--" + name + " is in --help, not in the document");
  for (const auto& name : document)
    if (!help.contains(name))
      result.push_back("--" + name + " is in the document, not in --help");
  return result;
}

std::map<std::int32_t, std::string>
exit_codes_in_document(std::string_view document) {
  static const std::regex row{R"(^\|\s*`?(\d{1,3})`?\s*\|(.*)$)"};
  std::map<std::int32_t, std::string> result;
  for (const auto& line : lines_of(document)) {
    std::smatch match;
    if (std::regex_search(line, match, row))
      result.emplace(std::stoi(match[1]), match[2]);
  }
  return result;
}

complaints
exit_code_complaints(const std::set<std::int32_t>& program,
                     const std::map<std::int32_t, std::string>& document) {
  complaints result;
  for (auto code : program)
    if (!document.contains(code))
      result.push_back("exit code " + std::to_string(code)
                       + " is not documented");
  for (const auto& [code, text] : document)
    if (!program.contains(code))
      result.push_back("exit code " + std::to_string(code)
                       + " is documented, but there is none");
  return result;
}

complaints name_complaints(const std::set<std::string>& names,
                           const std::vector<source_file>& documents) {
  complaints result;
  for (const auto& name : names) {
    auto quoted = '`' + name + '`';
    if (std::none_of(documents.begin(), documents.end(), [&](const auto& file) {
          return file.text.find(quoted) != std::string::npos;
        }))
      result.push_back(quoted + " is in no document");
  }
  return result;
}

} // namespace container_agent::test
