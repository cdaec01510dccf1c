#include "main/trace/read/trace_line.hpp"

namespace container_agent::trace {

namespace {

std::string missing(const char* name) {
  return std::string{"its \""} + name + "\" is missing";
}

std::string message_fault(const trace_line& event) {
  if (event.actor.empty())
    return missing("to");
  if (event.type.empty())
    return missing("type");
  if (event.outcome.empty())
    return missing("outcome");
  if (event.taken && *event.taken < event.at)
    return "it was taken up before it was sent";
  // One that is undelivered may have been done with without being taken up.
  if (event.done && *event.done < event.taken.value_or(event.at))
    return "it was done before it was taken up";
  return {};
}

std::string header_fault(const trace_line& event) {
  if (event.version != format_version)
    return "it is of version " + std::to_string(event.version)
           + " of the format; this program reads version "
           + std::to_string(format_version);
  if (event.epoch_us < 0 || event.epoch_us > max_epoch_us)
    return R"(its "epoch_us" is not between 1970 and 2100)";
  return {};
}

bool beyond_limit(const trace_line& event) {
  return event.at > max_time || event.due > max_time
         || event.taken.value_or(0) > max_time
         || event.done.value_or(0) > max_time;
}

} // namespace

std::string fault_of(const trace_line& event) {
  auto numbered = event.kind != event_kind::other
                  && event.kind != event_kind::header
                  && event.kind != event_kind::dropped;
  if (numbered && event.n == 0)
    return missing("n");
  if (beyond_limit(event))
    return "one of its times is over 31 years after the agent's start";
  switch (event.kind) {
    case event_kind::header: return header_fault(event);
    case event_kind::message: return message_fault(event);
    case event_kind::spawn:
    case event_kind::end:
      return event.actor.empty() ? missing("actor") : std::string{};
    case event_kind::timer:
      return event.actor.empty()  ? missing("actor")
             : event.type.empty() ? missing("type")
                                  : std::string{};
    case event_kind::bytes:
      return event.port.empty()        ? missing("port")
             : event.direction.empty() ? missing("direction")
                                       : std::string{};
    case event_kind::dropped:
    case event_kind::other: return {};
  }
  return {};
}

std::optional<std::uint64_t> queueing(const trace_line& event) {
  if (!event.taken)
    return {};
  return *event.taken - event.at;
}

std::optional<std::uint64_t> handling(const trace_line& event) {
  if (!event.taken || !event.done)
    return {};
  return *event.done - *event.taken;
}

} // namespace container_agent::trace
