#include "messages/records/agent_record.hpp"

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
  record(record_time time, std::string_view subtype) {
    text_.reserve(usual_size);
    text_ += R"({"type":"container_agent","subtype":")";
    text_ += subtype;
    text_ += R"(","time":")";
    text_ += utc_text(time.when);
    text_ += '"';
    put("offset", time.offset);
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

  record& put_json(std::string_view name, std::string_view json) {
    begin(name) += json;
    return *this;
  }

  record& put(std::string_view name, std::nullptr_t) {
    begin(name) += "null";
    return *this;
  }

  std::string line() && { return std::move(text_ += "}\n"); }

private:
  // The size of a record with a uuid, so that it takes one allocation.
  static constexpr std::size_t usual_size = 192;

  std::string& begin(std::string_view name) {
    ((text_ += ",\"") += name) += "\":";
    return text_;
  }

  std::string text_;
};

void put_input(record& r, const input_range& input) {
  if (input.to == 0)
    return;
  r.put("input_from", input.from);
  r.put("input_to", input.to);
  if (input.held_from < input.to)
    r.put("held_from", input.held_from);
}

} // namespace

std::string ready_record(record_time time, const child_started& child,
                         std::string_view session_id, std::uint64_t read_to) {
  record r{time, "ready"};
  r.put("pid", child.pid);
  if (session_id.empty())
    r.put("session_id", nullptr);
  else
    r.put("session_id", session_id);
  r.put("attached", child.attached);
  r.put("resumed", child.resumed);
  r.put("read_to", read_to);
  return std::move(r).line();
}

std::string accepted_record(record_time time, const accepted_prompt& prompt) {
  record r{time, "accepted"};
  r.put("uuid", prompt.uuid);
  r.put("position", prompt.position);
  if (prompt.duplicate)
    r.put("duplicate", true);
  put_input(r, prompt.input);
  return std::move(r).line();
}

std::string rejected_record(record_time time, const rejected_line& line) {
  record r{time, "rejected"};
  r.put("reason", line.reason);
  r.put("detail", line.detail);
  r.put("line", line.number);
  if (!line.uuid.empty())
    r.put("uuid", line.uuid);
  r.put("excerpt", excerpt_of(line.text));
  put_input(r, line.input);
  return std::move(r).line();
}

std::string excerpt_of(std::string_view text) {
  std::string result;
  append_visible(result, first_bytes(text, max_excerpt));
  return result;
}

std::string claude_exited_record(record_time time, const child_ended& child,
                                 std::string_view uuid,
                                 const std::optional<event_range>& cut) {
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
  if (cut) {
    r.put("cut_bytes", cut->to - cut->from - 1); // without the LF
    r.put("cut_from", cut->from);
  }
  return std::move(r).line();
}

std::string restarting_record(record_time time, const restart_scheduled& plan,
                              bool claude_runs) {
  record r{time, "restarting"};
  r.put("attempt", plan.attempt);
  r.put("delay_ms", plan.delay.count());
  r.put("reason", plan.reason);
  if (claude_runs)
    r.put("claude_runs", true);
  return std::move(r).line();
}

std::string resent_record(record_time time, std::string_view uuid,
                          std::uint32_t attempt) {
  record r{time, "resent"};
  r.put("uuid", uuid);
  r.put("attempt", attempt);
  return std::move(r).line();
}

std::string failed_record(record_time time, std::string_view uuid,
                          std::string_view reason, std::string_view detail) {
  record r{time, "failed"};
  r.put("uuid", uuid);
  r.put("reason", reason);
  if (!detail.empty())
    r.put("detail", detail);
  return std::move(r).line();
}

std::string session_lost_record(record_time time, std::string_view session_id,
                                std::string_view reason) {
  record r{time, "session_lost"};
  r.put("session_id", session_id);
  r.put("reason", reason);
  return std::move(r).line();
}

std::string continued_record(record_time time, std::string_view uuid,
                             std::string_view continue_uuid,
                             std::uint32_t attempt) {
  record r{time, "continued"};
  r.put("uuid", uuid);
  r.put("continue_uuid", continue_uuid);
  r.put("attempt", attempt);
  return std::move(r).line();
}

std::string restored_record(record_time time, const restored_things& what) {
  record r{time, "restored"};
  r.put("initialize", what.initialize);
  r.put("settings", what.settings);
  r.put("refused", what.refused);
  if (!what.detail.empty())
    r.put("detail", what.detail);
  return std::move(r).line();
}

std::string permission_timed_out_record(record_time time,
                                        std::string_view request_id,
                                        std::string_view tool,
                                        std::chrono::milliseconds after) {
  record r{time, "permission_timed_out"};
  r.put("request_id", request_id);
  r.put("tool", tool);
  r.put("after_ms", after.count());
  return std::move(r).line();
}

std::string status_record(record_time time, std::string_view document) {
  ordered_json r{{"type", "container_agent"},
                 {"subtype", "status"},
                 {"time", utc_text(time.when)},
                 {"offset", time.offset}};
  r.update(ordered_json::parse(document));
  return json_line(r);
}

std::string stopping_record(record_time time, std::string_view reason) {
  record r{time, "stopping"};
  r.put("reason", reason);
  return std::move(r).line();
}

std::string ended_record(record_time time) {
  return record{time, "ended"}.line();
}

std::string checkpoint_record(record_time time, std::string_view state) {
  record r{time, "checkpoint"};
  r.put_json("state", state);
  return std::move(r).line();
}

agent_record read_record(std::string_view line) {
  agent_record result;
  auto all = ordered_json::parse(line, nullptr, false);
  if (!all.is_object())
    return result;
  auto text = [&all](const char* name) {
    auto i = all.find(name);
    return i != all.end() && i->is_string() ? i->get<std::string>()
                                            : std::string{};
  };
  auto number = [&all](const char* name) {
    auto i = all.find(name);
    return i != all.end() && i->is_number_unsigned() ? i->get<std::uint64_t>()
                                                     : 0;
  };
  auto is_true = [&all](const char* name) {
    auto i = all.find(name);
    return i != all.end() && *i == true;
  };
  result.subtype = text("subtype");
  result.uuid = text("uuid");
  result.reason = text("reason");
  result.continue_uuid = text("continue_uuid");
  if (auto i = all.find("state"); i != all.end())
    result.state = i->dump();
  result.input = {number("input_from"), number("input_to")};
  if (all.contains("held_from"))
    result.input.held_from = number("held_from");
  result.pid = static_cast<std::int32_t>(number("pid"));
  result.attempt = static_cast<std::uint32_t>(number("attempt"));
  result.cut_from = number("cut_from");
  result.cut_bytes = number("cut_bytes");
  result.attached = is_true("attached");
  result.duplicate = is_true("duplicate");
  result.claude_runs = is_true("claude_runs");
  return result;
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
