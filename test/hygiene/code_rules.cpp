#include "test/hygiene/code_rules.hpp"

#include <array>
#include <regex>
#include <string>

namespace container_agent::test {

namespace {

struct include {
  std::size_t line;
  bool own; ///< in quotes
  std::string name;
};

std::vector<include> includes_of(const source_file& file) {
  static const std::regex pattern{R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])"};
  std::vector<include> result;
  std::size_t number = 0;
  for (const auto& line : lines_of(code_of(file.text))) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, pattern))
      result.push_back({number, match[1] == "\"", match[2]});
  }
  return result;
}

std::string room_of(std::string_view path) {
  return std::string{path.substr(0, path.find('/'))};
}

/// <vector>, <cstdint>; not <unistd.h>.
bool is_standard(std::string_view name) {
  return name.find_first_of("/.") == std::string_view::npos;
}

bool is_caf_core(std::string_view name) {
  return name.starts_with("caf/") && !name.starts_with("caf/io/")
         && !name.starts_with("caf/openssl/");
}

bool is_codec_source(std::string_view path) {
  return (path.starts_with("messages/codec/")
          || path.starts_with("messages/records/"))
         && path.ends_with(".cpp");
}

bool is_test_library(std::string_view name) {
  return name.starts_with("gtest/") || name.starts_with("gmock/");
}

bool may_include(const source_file& file, const include& what) {
  auto room = room_of(file.path);
  auto from = what.own ? room_of(what.name) : std::string{};
  if (room == "messages")
    return what.own ? from == "messages"
                    : is_standard(what.name) || is_caf_core(what.name)
                        || what.name == "nlohmann/json_fwd.hpp"
                        || (is_codec_source(file.path)
                            && (what.name.starts_with("nlohmann/")
                                || what.name.starts_with("boost/json/")));
  if (room == "actors")
    return what.own ? from == "messages" || from == "actors"
                    : is_standard(what.name) || is_caf_core(what.name);
  if (room == "main")
    return what.own ? from != "test" : !is_test_library(what.name);
  return true;
}

std::string place(const source_file& file, std::size_t line) {
  return file.path + ':' + std::to_string(line) + ": ";
}

struct forbidden {
  std::string_view pattern;
  std::string_view why;
};

// In messages/, actors/ and main/. To ask which thread this is remains allowed:
// the event loop checks that there is but one.
constexpr std::array<forbidden, 4> in_the_program{{
  {R"(#\s*include\s*<(mutex|future|condition_variable)>)", "one thread only"},
  {R"(\bstd::(jthread|thread|async)\b(?!::id))", "one thread only"},
  // Reason for these names: this is the rule itself, a pattern that finds them
  // in the program and refuses them. Nothing is called here.
  {R"(\b(sleep_for|sleep_until|usleep|)" // reason: the rule names what it bans
   R"(nanosleep|sleep)\s*\()",           // reason: its pattern, not a call
   "wait for an event, not for time"},
  {R"(\bspawn<[^>]*\bdetached\b)", "a detached actor is a thread"},
}};

// In messages/ and actors/.
constexpr std::array<forbidden, 4> in_the_actors{{
  {R"(\b(system|steady|high_resolution)_clock::now\b)",
   "time comes through a port or the actor's clock"},
  {R"(\b(random_device|mt19937(_64)?|rand)\b)", "chance comes through a port"},
  {R"(\b(getenv|secure_getenv|environ)\b)",
   "the environment comes through a configuration"},
  {R"(\bcaf::actor\b)", "no untyped actor crosses a boundary"},
}};

template <std::size_t Size>
void look_for(const std::array<forbidden, Size>& list, const source_file& file,
              complaints& result) {
  auto lines = lines_of(code_of(file.text));
  for (const auto& item : list) {
    const std::regex pattern{std::string{item.pattern}};
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(lines[i], match, pattern))
        result.push_back(place(file, i + 1) + '`' + match.str()
                         + "`: " + std::string{item.why});
    }
  }
}

} // namespace

complaints include_complaints(const source_file& file) {
  complaints result;
  for (const auto& item : includes_of(file)) {
    if (item.own && !exists_in_project(item.name))
      result.push_back(place(file, item.line) + item.name
                       + " is no path from the project's root");
    else if (!may_include(file, item))
      result.push_back(place(file, item.line) + room_of(file.path)
                       + "/ may not include " + item.name);
  }
  return result;
}

complaints purity_complaints(const source_file& file) {
  complaints result;
  auto room = room_of(file.path);
  if (room == "messages" || room == "actors" || room == "main")
    look_for(in_the_program, file, result);
  if (room == "messages" || room == "actors")
    look_for(in_the_actors, file, result);
  return result;
}

complaints size_complaints(const source_file& file,
                           const std::vector<long_file>& exceptions) {
  auto size = lines_of(file.text).size();
  auto has = file.path + " has " + std::to_string(size) + " lines";
  for (const auto& exception : exceptions) {
    if (exception.path != file.path)
      continue;
    if (size <= max_lines)
      return {has + ": it needs no exception any more"};
    if (size > exception.limit)
      return {has + ", more than its exception allows"};
    return {};
  }
  if (size > max_lines)
    return {has + ", more than " + std::to_string(max_lines)};
  return {};
}

complaints text_complaints(const source_file& file) {
  complaints result;
  const auto& text = file.text;
  auto is_cpp = file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
  if (text.empty() || text.back() != '\n' || text.ends_with("\n\n"))
    result.push_back(file.path + ": does not end in one newline");
  if (text.starts_with("\xef\xbb\xbf"))
    result.push_back(file.path + ": begins with a byte order mark");
  if (file.path.ends_with(".hpp") && !text.starts_with("#pragma once\n"))
    result.push_back(file.path + ": does not begin with #pragma once");
  std::size_t number = 0;
  for (const auto& line : lines_of(text)) {
    ++number;
    if (line.find('\r') != std::string::npos)
      result.push_back(place(file, number) + "a CR");
    if (is_cpp && line.find('\t') != std::string::npos)
      result.push_back(place(file, number) + "a tab");
    if (is_cpp && line.ends_with(' '))
      result.push_back(place(file, number) + "trailing blanks");
  }
  return result;
}

} // namespace container_agent::test
