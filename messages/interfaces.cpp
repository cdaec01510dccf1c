#include "messages/interfaces.hpp"

#include <string_view>

namespace container_agent {

namespace {

// The directory's member names are "x.pipe_input, x.conversation, …".
std::vector<std::string> read_member_names() {
  constexpr std::string_view all{peers_changed::member_names};
  std::vector<std::string> result;
  for (auto at = all.find('.'); at != all.npos; at = all.find('.', at + 1))
    result.emplace_back(all.substr(at + 1, all.find(',', at) - at - 1));
  return result;
}

} // namespace

const std::vector<std::string>& actor_names() {
  static const auto names = read_member_names();
  return names;
}

} // namespace container_agent
