#include "main/trace/read/line_parser.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <utility>

namespace container_agent::trace {

namespace {

using boost::json::value;

// A usual line needs 2 KiB; what does not fit comes from the heap.
constexpr std::size_t room = 16 * 1024;

constexpr std::array<std::pair<std::string_view, event_kind>, 7> kinds{{
  {"message", event_kind::message},
  {"bytes", event_kind::bytes},
  {"timer", event_kind::timer},
  {"spawn", event_kind::spawn},
  {"end", event_kind::end},
  {"dropped", event_kind::dropped},
  {"header", event_kind::header},
}};

event_kind kind_of(std::string_view name) {
  for (const auto& [known, kind] : kinds)
    if (known == name)
      return kind;
  return event_kind::other;
}

bool take(std::string_view& to, const value& from) {
  const auto* text = from.if_string();
  if (text)
    to = {text->data(), text->size()};
  return text;
}

bool take(std::uint64_t& to, const value& from) {
  if (const auto* number = from.if_int64(); number && *number >= 0)
    to = static_cast<std::uint64_t>(*number);
  else if (const auto* large = from.if_uint64())
    to = *large;
  else
    return false;
  return true;
}

bool take(std::optional<std::uint64_t>& to, const value& from) {
  std::uint64_t number = 0;
  if (!take(number, from))
    return false;
  to = number;
  return true;
}

bool take(std::int64_t& to, const value& from) {
  const auto* number = from.if_int64();
  if (number)
    to = *number;
  return number;
}

bool take(bool& to, const value& from) {
  const auto* flag = from.if_bool();
  if (flag)
    to = *flag;
  return flag;
}

bool take(event_kind& to, const value& from) {
  std::string_view name;
  if (!take(name, from))
    return false;
  to = kind_of(name);
  return true;
}

// The members that all or several kinds have, the usual ones first. Nothing:
// it is none of them.
std::optional<bool> common_member(trace_line& event, std::string_view name,
                                  const value& from) {
  if (name == "kind")
    return take(event.kind, from);
  if (name == "n")
    return take(event.n, from);
  if (name == "sent" || name == "at")
    return take(event.at, from);
  if (name == "taken")
    return take(event.taken, from);
  if (name == "done")
    return take(event.done, from);
  if (name == "from")
    return take(event.from, from);
  if (name == "from_id")
    return take(event.from_id, from);
  if (name == "to" || name == "actor")
    return take(event.actor, from);
  if (name == "to_id" || name == "id")
    return take(event.actor_id, from);
  if (name == "type")
    return take(event.type, from);
  if (name == "summary")
    return take(event.summary, from);
  if (name == "depth")
    return take(event.depth, from);
  if (name == "outcome")
    return take(event.outcome, from);
  if (name == "cause")
    return take(event.cause, from);
  if (name == "trace")
    return take(event.trace, from);
  return {};
}

bool rare_member(trace_line& event, std::string_view name, const value& from) {
  if (name == "payload")
    return take(event.payload, from);
  if (name == "port")
    return take(event.port, from);
  if (name == "direction")
    return take(event.direction, from);
  if (name == "bytes" || name == "count")
    return take(event.count, from);
  if (name == "due")
    return take(event.due, from);
  if (name == "incarnation")
    return take(event.incarnation, from);
  if (name == "failed")
    return take(event.failed, from);
  if (name == "reason")
    return take(event.reason, from);
  if (name == "version")
    return take(event.version, from);
  if (name == "epoch_us")
    return take(event.epoch_us, from);
  if (name == "pid")
    return take(event.pid, from);
  if (name == "agent")
    return take(event.agent, from);
  if (name == "source")
    return take(event.source, from);
  return true;
}

// A kind or a member that is not known says nothing: it may mean another thing
// there. Null is as good as absent.
std::string read_members(trace_line& event, const boost::json::object& line) {
  const auto* kind = line.if_contains("kind");
  if (!kind || !take(event.kind, *kind))
    return R"(its "kind" is missing)";
  if (event.kind == event_kind::other)
    return {};
  for (const auto& member : line) {
    std::string_view name{member.key().data(), member.key().size()};
    const auto& from = member.value();
    if (from.is_null())
      continue;
    auto common = common_member(event, name, from);
    if (!(common ? *common : rare_member(event, name, from)))
      return "its \"" + std::string{name} + "\" is of another type";
  }
  return fault_of(event);
}

} // namespace

struct line_parser::json {
  std::array<unsigned char, room> block;
  boost::json::monotonic_resource memory{block.data(), block.size()};
  boost::json::parser parser;
  std::optional<value> line;
};

line_parser::line_parser() : json_{std::make_unique<json>()} {}

line_parser::~line_parser() = default;

std::string line_parser::read(std::string_view line) {
  event_ = {};
  json_->line.reset();
  json_->parser.reset();
  json_->memory.release();
  json_->parser.reset(&json_->memory);
  boost::json::error_code error;
  json_->parser.write(line.data(), line.size(), error);
  if (error)
    return "no JSON: " + error.message();
  json_->line = json_->parser.release();
  const auto* members = json_->line->if_object();
  return members ? read_members(event_, *members) : "no JSON object";
}

} // namespace container_agent::trace
