#include "test/hygiene/rooms.hpp"

#include <algorithm>
#include <map>
#include <regex>

namespace container_agent::test {

namespace {

std::string_view room_in(std::string_view path) {
  return path.substr(0, std::min(path.rfind('/'), path.size()));
}

/// Behind the last one if it is none.
std::size_t floor_of(std::string_view room) {
  const auto& all = house();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), room)
                                  - all.begin());
}

bool is_of_the_program(std::string_view path) {
  return path.starts_with("messages/") || path.starts_with("actors/")
         || path.starts_with("main/");
}

bool is_source(std::string_view path) {
  return path.ends_with(".hpp") || path.ends_with(".cpp");
}

} // namespace

const std::vector<std::string_view>& house() {
  static const std::vector<std::string_view> all{
    "messages",           "messages/codec",   "messages/records",
    "actors/core",        "actors/input",     "actors/output",
    "actors/memory",      "actors/session",   "actors/child",
    "actors/shutdown",    "actors/health",    "actors/control",
    "actors/supervision", "actors",           "main/trace/record",
    "main/loop",          "main/storage",     "main/fifo",
    "main/shim",          "main/process",     "main/attach",
    "main/trace/read",    "main/trace/tools", "main/log",
    "main/trace/sinks",   "main/server",      "main/cli",
    "main/client",        "main/manual",      "main/app"};
  return all;
}

complaints order_complaints(const source_file& file) {
  static const std::regex pattern{R"-(^\s*#\s*include\s*"([^"]+)")-"};
  complaints result;
  if (!is_of_the_program(file.path))
    return result;
  auto floor = floor_of(room_in(file.path));
  for (const auto& line : lines_of(code_of(file.text))) {
    std::smatch match;
    if (!std::regex_search(line, match, pattern))
      continue;
    auto name = match[1].str();
    if (is_of_the_program(name) && floor_of(room_in(name)) > floor)
      result.push_back(file.path + ": " + name + " is in a room above");
  }
  return result;
}

complaints room_complaints(const std::vector<std::string>& paths) {
  complaints result;
  std::map<std::string_view, std::size_t> sizes;
  std::map<std::string_view, std::string_view> names;
  for (const auto& path : paths) {
    if (!is_of_the_program(path))
      continue;
    auto room = room_in(path);
    if (++sizes[room] == max_files + 1)
      result.push_back(std::string{room} + " has more than "
                       + std::to_string(max_files) + " files");
    if (!is_source(path))
      continue;
    if (floor_of(room) == house().size())
      result.push_back(path
                       + ": its folder is no room (test/hygiene/rooms.cpp)");
    auto name = std::string_view{path}.substr(room.size() + 1);
    if (auto [i, added] = names.emplace(name, path); !added)
      result.push_back(path + ": has the name of " + std::string{i->second});
  }
  return result;
}

} // namespace container_agent::test
