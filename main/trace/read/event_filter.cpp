#include "main/trace/read/event_filter.hpp"

#include <algorithm>

namespace container_agent::trace {

namespace {

bool among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

bool event_filter::passes(const trace_line& event) const {
  if (event.kind == event_kind::header || event.kind == event_kind::dropped)
    return true;
  return (trace.empty() || event.trace == trace)
         && (types.empty() || among(types, event.type))
         && (actors.empty() || among(actors, event.actor)
             || among(actors, event.from));
}

} // namespace container_agent::trace
