#include "test/hygiene/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace container_agent::test {

namespace {

namespace fs = std::filesystem;

const fs::path root{PROJECT_SOURCE_ROOT};

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool ends_with_any(const std::string& name,
                   std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

/// The length of the literal or comment that begins at `at`, 0 if none does.
std::size_t skip_length(std::string_view text, std::size_t at) {
  auto to = [&](std::string_view end, std::size_t from) {
    auto found = text.find(end, from);
    return (found == std::string_view::npos ? text.size() : found + end.size())
           - at;
  };
  auto rest = text.substr(at);
  if (rest.starts_with("//")) {
    auto found = text.find('\n', at);
    return std::min(found, text.size()) - at;
  }
  if (rest.starts_with("/*"))
    return to("*/", at + 2);
  if (rest.starts_with("R\"")) {
    auto open = text.find('(', at);
    auto mark = std::string{text.substr(at + 2, open - at - 2)};
    return to(")" + mark + "\"", open);
  }
  auto quote = rest.front();
  // Between digits, ' separates thousands.
  if (quote != '"' && (quote != '\'' || (at > 0 && std::isalnum(text[at - 1]))))
    return 0;
  auto end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n')
    end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size()) - at;
}

bool is_include(std::string_view text, std::size_t at) {
  auto begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  auto line = text.substr(begin, at - begin);
  return line.find('#') != std::string_view::npos
         && line.find("include") != std::string_view::npos;
}

} // namespace

std::vector<source_file>
project_files(std::initializer_list<std::string_view> folders,
              std::initializer_list<std::string_view> endings) {
  std::vector<source_file> result;
  auto add = [&](const fs::path& path) {
    auto name = path.lexically_relative(root).string();
    if (ends_with_any(name, endings))
      result.push_back({std::move(name), read_file(path)});
  };
  for (auto folder : folders) {
    auto start = root / folder;
    if (fs::is_regular_file(start))
      add(start);
    if (!fs::is_directory(start))
      continue;
    for (fs::recursive_directory_iterator at{start}, end; at != end; ++at) {
      if (at->path().filename() == "node_modules")
        at.disable_recursion_pending();
      else if (at->is_regular_file())
        add(at->path());
    }
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return result;
}

std::vector<source_file> cpp_files() {
  return project_files({"messages", "actors", "main", "test", "cmake"},
                       {".hpp", ".cpp"});
}

std::vector<source_file> documents() {
  return project_files(
    {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs"},
    {".md"});
}

bool exists_in_project(const std::string& path) {
  return fs::exists(root / path);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string code_of(std::string_view text) {
  std::string result{text};
  for (std::size_t at = 0; at < text.size();) {
    auto length = skip_length(text, at);
    if (length > 0 && !(text[at] == '"' && is_include(text, at)))
      for (auto i = at; i < at + length; ++i)
        if (result[i] != '\n')
          result[i] = ' ';
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

} // namespace container_agent::test
