#include "actors/session/checkpoint.hpp"

#include "messages/records/agent_record.hpp"

#include <array>
#include <optional>
#include <utility>

namespace container_agent {

namespace {

bool begins_checkpoint(const stream_log& events, std::uint64_t at) {
  if (at < events.begin() || at >= events.end())
    return false;
  std::array<char, 64> begin{};
  auto size = events.read(at, begin);
  return is_checkpoint({begin.data(), size});
}

} // namespace

bool is_checkpoint(std::string_view line) {
  return line.starts_with(
    R"({"type":"container_agent","subtype":"checkpoint",)");
}

checkpoint last_checkpoint(const stream_log& events, const stream_log& to_child,
                           std::uint64_t from) {
  checkpoint result;
  result.events = events.begin();
  result.state.to_child = to_child.begin();
  auto at = begins_checkpoint(events, from) ? from : events.begin();
  for_each_line(events, at, [&](std::string_view line) {
    at += line.size() + 1;
    if (!is_checkpoint(line))
      return;
    if (auto state
        = codec::read_kept_conversation(codec::read_record(line).state)) {
      result = {std::move(*state), at};
      result.state.left_out.push_back({at - line.size() - 1, at});
    }
  });
  return result;
}

} // namespace container_agent
