#include "messages/records/status_document.hpp"

#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

void add_usage(ordered_json& object, const std::optional<process_usage>& x) {
  object["rss_bytes"] = x ? ordered_json(x->resident_bytes) : nullptr;
  object["cpu_ms"] = x ? ordered_json(x->cpu.count()) : nullptr;
}

ordered_json claude(const status_facts& facts) {
  ordered_json result
    = {{"running", facts.child.running},
       {"ready", facts.conversation.ready},
       {"pid", facts.child.running ? ordered_json(facts.child.pid) : nullptr},
       {"session_id", text_or_null(facts.conversation.session_id)},
       {"launches", facts.child.generation}};
  add_usage(result, facts.claude);
  return result;
}

ordered_json turn(const conversation_status& c) {
  if (c.in_flight == 0)
    return nullptr;
  return {{"age_ms", c.turn_age.count()}, {"silence_ms", c.silence.count()}};
}

ordered_json requests(const conversation_status& c) {
  auto list = ordered_json::array();
  for (const auto& r : c.requests)
    list.push_back({{"id", r.id},
                    {"subtype", text_or_null(r.subtype)},
                    {"tool", text_or_null(r.tool)},
                    {"summary", text_or_null(r.summary)},
                    {"age_ms", r.age.count()}});
  return {{"open", c.requests_open}, {"list", std::move(list)}};
}

ordered_json times(const histogram& times) {
  return {{"below_s", histogram::bounds},
          {"counts", times.counts},
          {"sum_s", times.sum}};
}

ordered_json bill(const claude_bill& bill) {
  return {{"usd", bill.dollars},
          {"input_tokens", bill.input_tokens},
          {"output_tokens", bill.output_tokens},
          {"cache_read_tokens", bill.cache_read_tokens},
          {"cache_creation_tokens", bill.cache_creation_tokens}};
}

ordered_json restarts(const supervisor_status& supervisor) {
  auto by_child = ordered_json::array();
  for (const auto& r : supervisor.by_child)
    by_child.push_back(
      {{"actor", r.child}, {"reason", r.reason}, {"count", r.count}});
  return {{"total", supervisor.restarts},
          {"in_window", supervisor.restarts_in_window},
          {"gave_up", text_or_null(supervisor.gave_up)},
          {"by_actor", std::move(by_child)}};
}

ordered_json own(const status_facts& facts) {
  ordered_json result;
  result["pid"] = facts.own ? ordered_json(facts.own->pid) : nullptr;
  add_usage(result, facts.own);
  result["loop_lag_ms"]
    = facts.loop_lag ? ordered_json(facts.loop_lag->count()) : nullptr;
  result["control_connections"] = facts.control.connections;
  return result;
}

std::string joined(const std::vector<std::string>& names) {
  std::string result;
  for (const auto& name : names)
    result += (result.empty() ? "" : ",") + name;
  return result;
}

} // namespace

std::string status_document(const status_facts& facts) {
  const auto& c = facts.conversation;
  ordered_json document;
  document["state"] = facts.state;
  document["live"] = facts.live;
  document["ready"] = facts.ready;
  document["why"] = facts.why;
  document["uptime_s"] = facts.uptime.count();
  document["claude"] = claude(facts);
  document["prompts"] = {{"in_flight", c.in_flight},
                         {"queued", c.queued},
                         {"queued_bytes", c.queued_bytes},
                         {"accepted", c.accepted},
                         {"answered", c.answered},
                         {"failed", c.failed},
                         {"resent", c.resent},
                         {"continued", c.continued}};
  document["turn"] = turn(c);
  document["tasks"] = {{"running", c.tasks}, {"own_turn", c.own_turn}};
  document["requests"] = requests(c);
  document["turns"]
    = {{"duration", times(c.turns)}, {"first_output", times(c.first_outputs)}};
  document["cost"] = bill(c.bill);
  document["input"] = {{"lines", c.lines},
                       {"rejected", c.rejected},
                       {"control_lost", c.control_lost},
                       {"unread_bytes", facts.input.unread_bytes},
                       {"held_ms", c.input_held.count()}};
  document["output"] = {{"pending_bytes", facts.output.pending_bytes},
                        {"dropped_replies", facts.output.dropped_replies},
                        {"unread_bytes", facts.output.unread_bytes},
                        {"held_ms", c.output_held.count()},
                        {"events_end", c.events_end},
                        {"read_to", facts.output.read_to}};
  document["restarts"] = restarts(facts.supervisor);
  document["agent"] = own(facts);
  document["shutdown"] = facts.shutdown.phase;
  if (!facts.silent.empty())
    document["silent"] = joined(facts.silent);
  return json_text(document);
}

} // namespace container_agent::codec
