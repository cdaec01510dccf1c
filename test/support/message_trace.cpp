#include "test/support/message_trace.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace container_agent::test {

namespace {

using runtime::trace_event;
using runtime::trace_kind;
using runtime::trace_outcome;

// Enough to see what led to a failure, and no more than a screen or two.
constexpr std::size_t longest_story = 100;

std::string spoken(const trace_event& e) {
  return std::string{e.from == nullptr ? "outside" : e.from} + " > "
         + (e.to == nullptr ? "?" : e.to) + ": " + e.type;
}

bool is_routine(const trace_event& e) {
  std::string_view type{e.type};
  return type == "peers_changed" || type.ends_with("_status");
}

bool was_handled(const trace_event& e) {
  return e.kind == trace_kind::message && e.outcome == trace_outcome::handled;
}

} // namespace

message_trace::message_trace(clock now, message_hook* next)
  : events{{.now = std::move(now)}, next} {}

std::vector<trace_event> message_trace::all() const {
  std::vector<trace_event> result;
  events.visit([&](const auto& e) { result.push_back(e); });
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return result;
}

std::vector<std::string> message_trace::said(const std::string& type) const {
  std::vector<std::string> result;
  for (const auto& e : all())
    if (was_handled(e) && (type.empty() ? !is_routine(e) : type == e.type))
      result.push_back(spoken(e));
  return result;
}

std::vector<std::string> message_trace::said_of(const std::string& uuid) const {
  std::vector<std::string> result;
  for (const auto& e : all())
    if (was_handled(e) && e.prompt == trace_id_of(uuid))
      result.push_back(spoken(e));
  return result;
}

std::vector<std::string> message_trace::led_to(const std::string& type) const {
  std::map<std::uint64_t, trace_event> known;
  std::uint64_t at = 0;
  for (const auto& e : all()) {
    known[e.number] = e;
    if (e.kind == trace_kind::message && type == e.type)
      at = e.number;
  }
  std::vector<std::string> result;
  for (auto i = known.find(at); i != known.end();
       i = known.find(i->second.cause))
    if (i->second.kind == trace_kind::message)
      result.insert(result.begin(), spoken(i->second));
  return result;
}

std::string message_trace::story() const {
  auto told = all();
  std::erase_if(told, [](const auto& e) {
    return e.kind == trace_kind::message && is_routine(e);
  });
  std::ostringstream out;
  auto first = told.size() - std::min(told.size(), longest_story);
  if (first > 0)
    out << "  (" << first << " earlier ones left out)\n";
  for (auto i = first; i < told.size(); ++i) {
    if (told[i].kind == trace_kind::message) {
      out << "  " << told[i].number << "  after " << told[i].sent / 1'000'000
          << " ms  " << spoken(told[i]) << "  [" << to_string(told[i].outcome)
          << ", because of " << told[i].cause << "]\n";
      continue;
    }
    std::string line;
    runtime::append_event(line, told[i]);
    out << "  " << line;
  }
  return out.str();
}

} // namespace container_agent::test
