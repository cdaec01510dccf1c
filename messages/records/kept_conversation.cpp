#include "messages/records/kept_conversation.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <type_traits>

namespace container_agent::codec {

using nlohmann::json;

template <class X, class T>
concept is = std::same_as<std::remove_const_t<X>, T>;

// Each list of members is for writing and for reading.

static void each_member(is<kept_prompt> auto& p, auto take) {
  take("uuid", p.uuid);
  take("from", p.input.from);
  take("to", p.input.to);
  take("sent", p.sent);
  take("begun", p.begun);
  take("continued_as", p.continued_as);
  take("again", p.again);
  take("answering", p.answering);
}

static void each_member(is<host_setting> auto& s, auto take) {
  take("id", s.request_id);
  take("line", s.line);
  take("acknowledged", s.acknowledged);
}

static void each_member(is<kept_conversation> auto& kept, auto take) {
  take("prompts", kept.prompts);
  take("closed", kept.closed);
  take("session_id", kept.session_id);
  take("anew", kept.anew);
  take("settings", kept.settings);
  take("left_out", kept.left_out);
  take("input", kept.input);
  take("held_from", kept.held_from);
  take("to_child", kept.to_child);
  take("pid", kept.pid);
  take("ready", kept.ready);
  take("lifecycle", kept.lifecycle);
  take("open_requests", kept.open_requests);
  take("tasks", kept.tasks);
}

template <class X>
requires is<X, kept_prompt> || is<X, host_setting> || is<X, kept_conversation>
static void to_json(json& j, const X& x) {
  each_member(x, [&j](auto name, const auto& value) { j[name] = value; });
}

template <class X>
requires is<X, kept_prompt> || is<X, host_setting> || is<X, kept_conversation>
static void from_json(const json& j, X& x) {
  each_member(x, [&j](auto name, auto& value) { j.at(name).get_to(value); });
  if constexpr (is<X, kept_prompt>)
    x.input.held_from = x.input.to;
}

// Most have neither: 16,384 of them are to be short.
static void to_json(json& j, const closed_prompt& p) {
  if (p.failure.empty() && p.continued_as.empty())
    j = p.uuid;
  else
    j = json::array({p.uuid, p.failure, p.continued_as});
}

static void from_json(const json& j, closed_prompt& p) {
  p = j.is_string() ? closed_prompt{j}
                    : closed_prompt{j.at(0), j.at(1), j.at(2)};
}

static void to_json(json& j, const event_range& r) {
  j = json::array({r.from, r.to});
}

static void from_json(const json& j, event_range& r) {
  r = {j.at(0), j.at(1)};
}

static void to_json(json& j, const kept_request& r) {
  j = json::array({r.id, r.about.subtype, r.about.tool, r.about.subject});
}

static void from_json(const json& j, kept_request& r) {
  r = {j.at(0), {j.at(1), j.at(2), j.at(3)}};
}

std::string text_of(const kept_conversation& kept) {
  return json(kept).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<kept_conversation> read_checkpoint(std::string_view record) {
  try {
    return json::parse(record).at("state").get<kept_conversation>();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace container_agent::codec
