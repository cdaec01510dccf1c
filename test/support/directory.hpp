#pragma once

#include "messages/interfaces.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// The name of each actor: what the directory calls it.
inline const std::vector<std::string>& actor_names() {
  static const auto names = [] {
    std::vector<std::string> result;
    // "x.pipe_input, x.conversation, …"
    constexpr std::string_view all{peers_changed::member_names};
    for (auto at = all.find('.'); at != all.npos; at = all.find('.', at + 1))
      result.emplace_back(all.substr(at + 1, all.find(',', at) - at - 1));
    return result;
  }();
  return names;
}

namespace detail {

template <class Visit>
struct directory_reader {
  using result_type = void;

  Visit& visit;

  template <class... Handles>
  void operator()(const caf::meta::type_name_t&, Handles&... handles) const {
    auto name = actor_names().begin();
    (visit(*name++, handles), ...);
  }
};

} // namespace detail

/// Calls `visit` with the name and the handle of each actor that a directory
/// has a place for.
template <class Visit>
void for_each_actor(peers_changed& directory, Visit visit) {
  detail::directory_reader<Visit> reader{visit};
  inspect(reader, directory);
}

/// The name of the actor that the directory has at `member`.
template <class Handle>
const char* member_name(Handle peers_changed::*member) {
  peers_changed directory;
  const char* result = "";
  for_each_actor(directory, [&](const std::string& name, const auto& handle) {
    if (static_cast<const void*>(&handle) == &(directory.*member))
      result = name.c_str();
  });
  return result;
}

} // namespace container_agent::test
