#include "main/trace/tools/follow_text.hpp"

#include "main/trace/read/duration_text.hpp"
#include "messages/visible_text.hpp"

#include <string_view>
#include <utility>

namespace container_agent::trace {

namespace {

constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view cyan = "\x1b[36m";

/// A line that grows; control characters of a trace don't reach the terminal.
class line {
public:
  explicit line(bool coloured) : coloured_{coloured} {}

  line& put(std::string_view text, std::string_view colour = {}) {
    auto in_colour = coloured_ && !colour.empty();
    if (in_colour)
      text_ += colour;
    append_visible(text_, text);
    if (in_colour)
      text_ += plain;
    return *this;
  }

  std::string finish() && { return std::move(text_) + '\n'; }

private:
  bool coloured_;
  std::string text_;
};

// "14:03:07.123456" of "2026-11-26T14:03:07.123456Z"
std::string time_of_day(std::uint64_t at, std::int64_t epoch_us) {
  constexpr std::size_t date = 11;
  auto ns = static_cast<std::uint64_t>(epoch_us) * 1000 + at;
  return wall_time_text(ns).substr(date, 15);
}

void put_message(line& to, const trace_line& e) {
  to.put(e.from.empty() ? "outside" : e.from, cyan)
    .put(" → ")
    .put(e.actor, cyan)
    .put("  ")
    .put(e.type, bold);
  if (!e.summary.empty())
    to.put("  ").put(e.summary, dim);
  if (!e.payload.empty())
    to.put("  ").put(e.payload);
  if (e.taken)
    to.put("  waited " + duration_text(*e.taken - e.at), dim);
  if (e.taken && e.done)
    to.put(", ran " + duration_text(*e.done - *e.taken), dim);
  if (e.outcome != "handled")
    to.put("  ").put(e.outcome, red);
}

void put_event(line& to, const trace_line& e) {
  switch (e.kind) {
    case event_kind::message: return put_message(to, e);
    case event_kind::bytes:
      to.put(e.port, green)
        .put(e.direction == "in" ? " ⇒ " : " ⇐ ")
        .put(std::to_string(e.count) + " bytes");
      return;
    case event_kind::timer:
      to.put(e.actor, cyan)
        .put("  timer ")
        .put(e.type, bold)
        .put("  in " + duration_text(e.due > e.at ? e.due - e.at : 0), dim);
      return;
    case event_kind::spawn:
      to.put(e.actor, cyan)
        .put(e.incarnation > 1 ? "  starts again" : "  starts", green);
      return;
    case event_kind::end:
      to.put(e.actor, cyan).put("  ends: ").put(e.reason, e.failed ? red : dim);
      return;
    case event_kind::dropped:
      to.put("… " + std::to_string(e.count)
               + " events are missing here: this was too slow for them",
             red);
      return;
    case event_kind::header:
      to.put("agent ")
        .put(e.agent, bold)
        .put(", process " + std::to_string(e.pid));
      return;
    case event_kind::other: to.put("(an event of a newer agent)", dim);
  }
}

} // namespace

std::string follow_text(const trace_line& event, std::int64_t epoch_us,
                        bool coloured) {
  line result{coloured};
  result.put(time_of_day(event.at, epoch_us), dim).put("  ");
  put_event(result, event);
  return std::move(result).finish();
}

} // namespace container_agent::trace
