#include "messages/codec/status_document.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

std::string status_document(const status_facts& facts) {
  using nlohmann::ordered_json;
  const auto& c = facts.conversation;
  ordered_json document;
  document["state"] = facts.state;
  document["uptime_s"] = facts.uptime.count();
  document["claude"]
    = {{"running", facts.child.running},
       {"ready", c.ready},
       {"pid", facts.child.running ? ordered_json(facts.child.pid) : nullptr},
       {"session_id", c.session_id.empty() ? ordered_json(nullptr)
                                           : ordered_json(c.session_id)},
       {"launches", facts.child.generation}};
  document["prompts"] = {{"in_flight", c.in_flight},
                         {"queued", c.queued},
                         {"queued_bytes", c.queued_bytes},
                         {"accepted", c.accepted},
                         {"answered", c.answered},
                         {"failed", c.failed},
                         {"resent", c.resent}};
  document["input"] = {{"lines", c.lines}, {"rejected", c.rejected}};
  document["output"] = {{"pending_bytes", facts.output.pending_bytes},
                        {"dropped_replies", facts.output.dropped_replies}};
  document["restarts"] = {{"total", facts.supervisor.restarts},
                          {"in_window", facts.supervisor.restarts_in_window}};
  if (!facts.silent.empty())
    document["silent"] = facts.silent;
  return document.dump();
}

} // namespace container_agent::codec
