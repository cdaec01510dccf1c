#include "test/hygiene/message_way.hpp"

#include <regex>

namespace container_agent::test {

namespace {

constexpr std::string_view heading = "## One message's way, in six files";
constexpr std::size_t steps_in_all = 6;

std::string content_of(const std::string& path) {
  auto files = project_files({path}, {".cpp", ".hpp"});
  return files.empty() ? std::string{} : files.front().text;
}

/// The list below the heading, an item each.
std::vector<std::string> steps_of(std::string_view document) {
  static const std::regex number{R"(^\d+\. (.*)$)"};
  std::vector<std::string> result;
  bool inside = false;
  for (const auto& line : lines_of(document)) {
    if (line.starts_with("## "))
      inside = line == heading;
    if (!inside)
      continue;
    std::smatch match;
    if (std::regex_match(line, match, number))
      result.push_back(match[1]);
    else if (!result.empty() && line.starts_with("   "))
      result.back() += '\n' + line;
  }
  return result;
}

bool has(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex{pattern});
}

bool is_message(const std::string& name) {
  static const auto payloads = code_of(content_of("messages/payloads.hpp"));
  return has(payloads, "\\bstruct " + name + "\\b");
}

void check_names(const std::string& step, const std::string& path,
                 const std::string& document, complaints& result) {
  static const std::regex name{R"(`([a-z_]\w*)(\([^`]*\))?`)"};
  const auto code = code_of(content_of(path));
  for (std::sregex_iterator at{step.begin(), step.end(), name}, end; at != end;
       ++at) {
    auto word = (*at)[1].str();
    auto is_there = (*at)[2].matched
                      ? has(code, "\\b" + word + "\\(")
                      : has(code, "\\b" + word + "\\b") || is_message(word);
    if (!is_there)
      result.push_back(document + ": one message's way: " + (*at).str()
                       + " is not in " + path);
  }
}

} // namespace

complaints way_complaints(const source_file& document) {
  static const std::regex file{R"(^`([^`]+\.[ch]pp)`)"};
  auto steps = steps_of(document.text);
  if (steps.size() != steps_in_all)
    return {document.path + ": one message's way has "
            + std::to_string(steps.size()) + " steps, not six"};
  complaints result;
  for (const auto& step : steps) {
    std::smatch match;
    if (!std::regex_search(step, match, file))
      result.push_back(document.path + ": this step begins with no file: "
                       + step.substr(0, step.find('\n')));
    else if (auto path = match[1].str(); !exists_in_project(path))
      result.push_back(document.path + ": " + path + " does not exist");
    else
      check_names(step, path, document.path, result);
  }
  return result;
}

complaints decision_complaints(const source_file& document) {
  static const std::regex status{
    R"(^\*\*Date\.\*\* 20\d\d-\d\d-\d\d\. \*\*Status\.\*\* (.*)$)"};
  static const std::regex worth{R"(^Accepted[.;]|^Superseded by \[\d+\]\()"};
  auto lines = lines_of(document.text);
  std::smatch match;
  if (lines.size() < 3 || !std::regex_match(lines[2], match, status))
    return {document.path
            + ": its third line is not **Date.** YYYY-MM-DD. **Status.** …"};
  if (auto text = match[1].str(); !std::regex_search(text, worth))
    return {document.path + ": " + text
            + ": neither accepted nor superseded by another"};
  return {};
}

} // namespace container_agent::test
