#include "main/trace/record/trace_filter.hpp"

#include <algorithm>

namespace container_agent::runtime {

namespace {

bool holds(const std::vector<std::string>& names, const char* name) {
  return name != nullptr
         && std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

trace_filter::trace_filter(const codec::trace_wish& wish)
  : types_{wish.types}, actors_{wish.actors} {
  if (!wish.prompt.empty())
    prompt_ = trace_id_named(wish.prompt);
}

bool trace_filter::passes(const trace_event& event) const {
  return (!prompt_ || event.prompt == prompt_)
         && (types_.empty() || holds(types_, event.type))
         && (actors_.empty() || holds(actors_, event.to)
             || holds(actors_, event.from));
}

} // namespace container_agent::runtime
