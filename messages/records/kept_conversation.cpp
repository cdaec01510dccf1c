#include "messages/records/kept_conversation.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace container_agent::codec {

namespace {

using nlohmann::json;

json json_of(const kept_prompt& p) {
  return {{"uuid", p.uuid},   {"from", p.input.from},
          {"to", p.input.to}, {"sent", p.sent},
          {"begun", p.begun}, {"continued_as", p.continued_as},
          {"again", p.again}, {"answering", p.answering}};
}

kept_prompt prompt_in(const json& p) {
  return {.uuid = p.at("uuid"),
          .input = {p.at("from"), p.at("to")},
          .sent = p.at("sent"),
          .begun = p.at("begun"),
          .continued_as = p.at("continued_as"),
          .again = p.at("again"),
          .answering = p.at("answering")};
}

// Most have neither: 16,384 of them are to be short.
json json_of(const closed_prompt& p) {
  if (p.failure.empty() && p.continued_as.empty())
    return p.uuid;
  return json::array({p.uuid, p.failure, p.continued_as});
}

closed_prompt closed_in(const json& p) {
  if (p.is_string())
    return {p, {}, {}};
  return {p.at(0), p.at(1), p.at(2)};
}

json json_of(const host_setting& s) {
  return {
    {"id", s.request_id}, {"line", s.line}, {"acknowledged", s.acknowledged}};
}

host_setting setting_in_object(const json& s) {
  return {s.at("id"), s.at("line"), s.at("acknowledged")};
}

json json_of(const event_range& r) {
  return json::array({r.from, r.to});
}

json json_of(const kept_request& r) {
  return json::array({r.id, r.about.subtype, r.about.tool, r.about.subject});
}

template <class Range>
json list_of(const Range& all) {
  auto result = json::array();
  for (const auto& one : all)
    result.push_back(json_of(one));
  return result;
}

} // namespace

std::string text_of(const kept_conversation& kept) {
  return json{{"prompts", list_of(kept.prompts)},
              {"closed", list_of(kept.closed)},
              {"session_id", kept.session_id},
              {"anew", kept.anew},
              {"settings", list_of(kept.settings)},
              {"left_out", list_of(kept.left_out)},
              {"input", kept.input},
              {"held_from", kept.held_from},
              {"to_child", kept.to_child},
              {"pid", kept.pid},
              {"ready", kept.ready},
              {"lifecycle", kept.lifecycle},
              {"open_requests", list_of(kept.open_requests)},
              {"tasks", kept.tasks}}
    .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<kept_conversation> read_kept_conversation(std::string_view text) {
  auto all = json::parse(text, nullptr, false);
  if (!all.is_object())
    return std::nullopt;
  kept_conversation result;
  try {
    for (const auto& p : all.at("prompts"))
      result.prompts.push_back(prompt_in(p));
    for (const auto& p : all.at("closed"))
      result.closed.push_back(closed_in(p));
    for (const auto& s : all.at("settings"))
      result.settings.push_back(setting_in_object(s));
    for (const auto& r : all.at("left_out"))
      result.left_out.push_back({r.at(0), r.at(1)});
    all.at("session_id").get_to(result.session_id);
    all.at("anew").get_to(result.anew);
    all.at("input").get_to(result.input);
    all.at("held_from").get_to(result.held_from);
    all.at("to_child").get_to(result.to_child);
    all.at("pid").get_to(result.pid);
    all.at("ready").get_to(result.ready);
    all.at("lifecycle").get_to(result.lifecycle);
    for (const auto& r : all.at("open_requests"))
      result.open_requests.push_back({r.at(0), {r.at(1), r.at(2), r.at(3)}});
    all.at("tasks").get_to(result.tasks);
  } catch (const json::exception&) {
    return std::nullopt; // another version's
  }
  return result;
}

} // namespace container_agent::codec
