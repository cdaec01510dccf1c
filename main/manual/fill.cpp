#include "main/manual/writers.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace container_agent::manual {

std::string fill(std::string_view text, const replacements& by_name) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  std::string result;
  std::set<std::string> used;
  while (!text.empty()) {
    auto begin = std::min(text.find('@'), text.size());
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    auto end = text.find_first_not_of(letters, 1);
    if (end == 1 || end == text.npos || text[end] != '@') {
      // An @ that is just one.
      result += text.substr(0, 1);
      text.remove_prefix(std::min<std::size_t>(1, text.size()));
      continue;
    }
    std::string name{text.substr(1, end - 1)};
    auto found = by_name.find(name);
    if (found == by_name.end())
      throw std::runtime_error{"nothing is known for @" + name + '@'};
    result += found->second;
    used.insert(name);
    text.remove_prefix(end + 1);
  }
  for (const auto& [name, value] : by_name)
    if (!used.contains(name))
      throw std::runtime_error{"the template has no @" + name + '@'};
  return result;
}

} // namespace container_agent::manual
