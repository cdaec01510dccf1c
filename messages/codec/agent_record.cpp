#include "messages/codec/agent_record.hpp"

#include "messages/codec/json_line.hpp"
#include "messages/utc_text.hpp"
#include "messages/visible_text.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <utility>

namespace container_agent::codec {

namespace {

using nlohmann::ordered_json;

template <class T>
concept number = std::integral<T> && !std::same_as<T, bool>;

/// One record, member by member. Each prompt has one that is waited for: to
/// make an object of it first took half of the time that a prompt needs in all.
class record {
public:
  record(time_point time, std::string_view subtype) {
    text_.reserve(usual_size);
    text_ += R"({"type":"container_agent","subtype":")";
    text_ += subtype;
    text_ += R"(","time":")";
    text_ += utc_text(time);
    text_ += '"';
  }

  record& put(std::string_view name, std::string_view text) {
    append_json_text(begin(name), text);
    return *this;
  }

  template <number Number>
  record& put(std::string_view name, Number value) {
    char digits[24];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    begin(name).append(digits, end);
    return *this;
  }

  record& put(std::string_view name, std::same_as<bool> auto value) {
    begin(name) += value ? "true" : "false";
    return *this;
  }

  record& put(std::string_view name, const std::vector<std::string>& texts) {
    auto& list = begin(name) += '[';
    for (const auto& text : texts) {
      if (&text != texts.data())
        list += ',';
      append_json_text(list, text);
    }
    list += ']';
    return *this;
  }

  record& put(std::string_view name, std::nullptr_t) {
    begin(name) += "null";
    return *this;
  }

  std::string line() && { return std::move(text_ += "}\n"); }

private:
  // Of one with a uuid, so that it is one allocation.
  static constexpr std::size_t usual_size = 192;

  std::string& begin(std::string_view name) {
    ((text_ += ",\"") += name) += "\":";
    return text_;
  }

  std::string text_;
};

} // namespace

std::string ready_record(time_point time, const child_started& child,
                         std::string_view session_id) {
  record r{time, "ready"};
  r.put("pid", child.pid);
  if (session_id.empty())
    r.put("session_id", nullptr);
  else
    r.put("session_id", session_id);
  r.put("attached", child.attached);
  r.put("resumed", child.resumed);
  return std::move(r).line();
}

std::string accepted_record(time_point time, std::string_view uuid,
                            std::uint64_t position, bool duplicate) {
  record r{time, "accepted"};
  r.put("uuid", uuid);
  r.put("position", position);
  if (duplicate)
    r.put("duplicate", true);
  return std::move(r).line();
}

std::string rejected_record(time_point time, std::string_view reason,
                            std::string_view detail, std::uint64_t number,
                            std::string_view uuid, std::string_view text) {
  record r{time, "rejected"};
  r.put("reason", reason);
  r.put("detail", detail);
  r.put("line", number);
  if (!uuid.empty())
    r.put("uuid", uuid);
  r.put("excerpt", excerpt_of(text));
  return std::move(r).line();
}

std::string excerpt_of(std::string_view text) {
  std::string result;
  append_visible(result, first_bytes(text, max_excerpt));
  return result;
}

std::string claude_exited_record(time_point time, const child_ended& child,
                                 std::string_view uuid) {
  record r{time, "claude_exited"};
  r.put("pid", child.pid);
  if (child.kind != exit_kind::known)
    r.put("exit_code", nullptr);
  else if (child.signal != 0)
    r.put("signal", child.signal);
  else
    r.put("exit_code", child.exit_code);
  if (!uuid.empty())
    r.put("uuid", uuid);
  if (child.cut_bytes != 0)
    r.put("cut_bytes", child.cut_bytes);
  return std::move(r).line();
}

std::string restarting_record(time_point time, const restart_scheduled& plan) {
  record r{time, "restarting"};
  r.put("attempt", plan.attempt);
  r.put("delay_ms", plan.delay.count());
  r.put("reason", plan.reason);
  return std::move(r).line();
}

std::string resent_record(time_point time, std::string_view uuid,
                          std::uint32_t attempt) {
  record r{time, "resent"};
  r.put("uuid", uuid);
  r.put("attempt", attempt);
  return std::move(r).line();
}

std::string failed_record(time_point time, std::string_view uuid,
                          std::string_view reason, std::string_view detail) {
  record r{time, "failed"};
  r.put("uuid", uuid);
  r.put("reason", reason);
  if (!detail.empty())
    r.put("detail", detail);
  return std::move(r).line();
}

std::string session_lost_record(time_point time, std::string_view session_id,
                                std::string_view reason) {
  record r{time, "session_lost"};
  r.put("session_id", session_id);
  r.put("reason", reason);
  return std::move(r).line();
}

std::string continued_record(time_point time, std::string_view uuid,
                             std::string_view continue_uuid,
                             std::uint32_t attempt) {
  record r{time, "continued"};
  r.put("uuid", uuid);
  r.put("continue_uuid", continue_uuid);
  r.put("attempt", attempt);
  return std::move(r).line();
}

std::string restored_record(time_point time, const restored_things& what) {
  record r{time, "restored"};
  r.put("initialize", what.initialize);
  r.put("settings", what.settings);
  r.put("refused", what.refused);
  if (!what.detail.empty())
    r.put("detail", what.detail);
  return std::move(r).line();
}

std::string permission_timed_out_record(time_point time,
                                        std::string_view request_id,
                                        std::string_view tool,
                                        std::chrono::milliseconds after) {
  record r{time, "permission_timed_out"};
  r.put("request_id", request_id);
  r.put("tool", tool);
  r.put("after_ms", after.count());
  return std::move(r).line();
}

std::string status_record(time_point time, std::string_view document) {
  ordered_json r{{"type", "container_agent"},
                 {"subtype", "status"},
                 {"time", utc_text(time)}};
  r.update(ordered_json::parse(document));
  return json_line(r);
}

std::string stopping_record(time_point time, std::string_view reason) {
  record r{time, "stopping"};
  r.put("reason", reason);
  return std::move(r).line();
}

std::string control_request_line(std::string_view request_id,
                                 std::string_view subtype) {
  ordered_json request;
  request["type"] = "control_request";
  request["request_id"] = request_id;
  request["request"] = {{"subtype", subtype}};
  return request.dump() + '\n';
}

} // namespace container_agent::codec
