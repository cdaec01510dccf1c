#include "main/trace/read/line_parser.hpp"

#include <algorithm>
#include <array>

namespace container_agent::trace {

namespace {

using codec::into;

event_kind kind_of(std::string_view name) {
  // In the order of `event_kind`.
  constexpr std::array<std::string_view, 8> names{
    "", "header", "message", "spawn", "end", "timer", "bytes", "dropped"};
  const auto* found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? event_kind::other
                              : static_cast<event_kind>(found - names.begin());
}

// The usual ones first.
constexpr auto wishes = std::to_array<codec::json_wish>({
  {1, "kind", into<&trace_line::kind_name>},
  {1, "n", into<&trace_line::n>},
  {1, "sent", into<&trace_line::at>},
  {1, "taken", into<&trace_line::taken>},
  {1, "done", into<&trace_line::done>},
  {1, "from", into<&trace_line::from>},
  {1, "from_id", into<&trace_line::from_id>},
  {1, "to", into<&trace_line::actor>},
  {1, "to_id", into<&trace_line::actor_id>},
  {1, "type", into<&trace_line::type>},
  {1, "summary", into<&trace_line::summary>},
  {1, "depth", into<&trace_line::depth>},
  {1, "outcome", into<&trace_line::outcome>},
  {1, "cause", into<&trace_line::cause>},
  {1, "trace", into<&trace_line::trace>},
  {1, "payload", into<&trace_line::payload>},
  {1, "at", into<&trace_line::at>},
  {1, "actor", into<&trace_line::actor>},
  {1, "id", into<&trace_line::actor_id>},
  {1, "port", into<&trace_line::port>},
  {1, "direction", into<&trace_line::direction>},
  {1, "bytes", into<&trace_line::count>},
  {1, "count", into<&trace_line::count>},
  {1, "due", into<&trace_line::due>},
  {1, "incarnation", into<&trace_line::incarnation>},
  {1, "failed", into<&trace_line::failed>},
  {1, "reason", into<&trace_line::reason>},
  {1, "version", into<&trace_line::version>},
  {1, "epoch_us", into<&trace_line::epoch_us>},
  {1, "pid", into<&trace_line::pid>},
  {1, "agent", into<&trace_line::agent>},
  {1, "source", into<&trace_line::source>},
});

} // namespace

line_parser::line_parser() : reader_{wishes, &event_} {}

// A kind or a member that is not known says nothing: it may mean another thing
// there. Null is as good as absent.
std::string line_parser::read(std::string_view line) {
  event_ = {};
  reader_.reset();
  reader_.feed(line);
  reader_.finish();
  if (!reader_.fault().empty())
    return "no JSON: " + reader_.fault();
  if (reader_.root() != codec::json_kind::object)
    return "no JSON object";
  if (event_.kind_name.empty())
    return R"(its "kind" is missing)";
  event_.kind = kind_of(event_.kind_name);
  if (event_.kind == event_kind::other)
    return {};
  if (auto name = reader_.misfit(); !name.empty())
    return "its \"" + std::string{name} + "\" is of another type";
  return fault_of(event_);
}

} // namespace container_agent::trace
