#include "messages/records/agent_record.hpp"

#include "messages/codec/json_reader.hpp"
#include "messages/codec/json_writer.hpp"
#include "messages/utc_text.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent::codec {

namespace {

/// One record, member by member.
class record {
public:
  record(record_time time, std::string_view subtype) {
    text_.reserve(usual_size);
    out_.open('{').word("type", "container_agent").word("subtype", subtype);
    out_.word("time", utc_text(time.when)).put("offset", time.offset);
  }

  template <class... Members>
  record& put(const Members&... members) {
    out_.put(members...);
    return *this;
  }

  template <class... Members>
  record& put_some(const Members&... members) {
    out_.put_some(members...);
    return *this;
  }

  record& put_input(const input_range& input) {
    if (input.to != 0)
      put("input_from", input.from, "input_to", input.to);
    return input.held_from < input.to ? put("held_from", input.held_from)
                                      : *this;
  }

  /// Members that are JSON already.
  record& put_json(std::string_view members) {
    if (!members.empty())
      out_.json(members);
    return *this;
  }

  std::string line() { return std::move(text_ += "}\n"); }

private:
  // The size of a record with a uuid, so that it takes one allocation.
  static constexpr std::size_t usual_size = 192;

  std::string text_;
  json_writer out_{text_};
};

void take_pid(agent_record& r, json_value& value) {
  value.get(r.pid);
  r.pid = std::max(r.pid, 0);
}

// `held_from` is behind it, if it is there.
void take_input_end(agent_record& r, json_value& value) {
  value.get(r.input.to);
  r.input.held_from = r.input.to;
}

constexpr auto record_wishes = std::to_array<json_wish>({
  {1, "subtype", into<&agent_record::subtype>},
  {1, "uuid", into<&agent_record::uuid>},
  {1, "reason", into<&agent_record::reason>},
  {1, "continue_uuid", into<&agent_record::continue_uuid>},
  {1, "input_from", into<&agent_record::input, &input_range::from>},
  {1, "input_to", by<agent_record, take_input_end>},
  {1, "held_from", into<&agent_record::input, &input_range::held_from>},
  {1, "pid", by<agent_record, take_pid>},
  {1, "attempt", into<&agent_record::attempt>},
  {1, "cut_from", into<&agent_record::cut_from>},
  {1, "cut_bytes", into<&agent_record::cut_bytes>},
  {1, "attached", into<&agent_record::attached>},
  {1, "duplicate", into<&agent_record::duplicate>},
  {1, "claude_runs", into<&agent_record::claude_runs>},
});

} // namespace

std::string ready_record(record_time time, const child_started& child,
                         std::string_view session_id, std::uint64_t read_to) {
  record r{time, "ready"};
  r.put("pid", child.pid);
  if (session_id.empty())
    r.put("session_id", nullptr);
  r.put_some("session_id", session_id);
  r.put("attached", child.attached, "resumed", child.resumed);
  return r.put("read_to", read_to).line();
}

std::string accepted_record(record_time time, const accepted_prompt& prompt) {
  record r{time, "accepted"};
  r.put("uuid", prompt.uuid, "position", prompt.position);
  r.put_some("duplicate", prompt.duplicate);
  return r.put_input(prompt.input).line();
}

std::string rejected_record(record_time time, const rejected_line& line) {
  record r{time, "rejected"};
  r.put("reason", line.reason, "detail", line.detail, "line", line.number);
  r.put_some("uuid", line.uuid).put("excerpt", excerpt_of(line.text));
  return r.put_input(line.input).line();
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
  r.put_some("uuid", uuid);
  if (cut) // the LF does not count
    r.put("cut_bytes", cut->to - cut->from - 1, "cut_from", cut->from);
  return r.line();
}

std::string restarting_record(record_time time, const restart_scheduled& plan,
                              bool claude_runs) {
  record r{time, "restarting"};
  r.put("attempt", plan.attempt, "delay_ms", plan.delay.count());
  r.put("reason", plan.reason).put_some("claude_runs", claude_runs);
  return r.line();
}

std::string resent_record(record_time time, std::string_view uuid,
                          std::uint32_t attempt) {
  return record{time, "resent"}.put("uuid", uuid, "attempt", attempt).line();
}

std::string failed_record(record_time time, std::string_view uuid,
                          std::string_view reason, std::string_view detail) {
  record r{time, "failed"};
  return r.put("uuid", uuid, "reason", reason)
    .put_some("detail", detail)
    .line();
}

std::string session_lost_record(record_time time, std::string_view session_id,
                                std::string_view reason) {
  record r{time, "session_lost"};
  return r.put("session_id", session_id, "reason", reason).line();
}

std::string continued_record(record_time time, std::string_view uuid,
                             std::string_view continue_uuid,
                             std::uint32_t attempt) {
  record r{time, "continued"};
  r.put("uuid", uuid, "continue_uuid", continue_uuid, "attempt", attempt);
  return r.line();
}

std::string restored_record(record_time time, const restored_things& what) {
  record r{time, "restored"};
  r.put("initialize", what.initialize, "settings", what.settings);
  r.put("refused", what.refused).put_some("detail", what.detail);
  return r.line();
}

std::string permission_timed_out_record(record_time time,
                                        std::string_view request_id,
                                        std::string_view tool,
                                        std::chrono::milliseconds after) {
  record r{time, "permission_timed_out"};
  r.put("request_id", request_id, "tool", tool, "after_ms", after.count());
  return r.line();
}

std::string status_record(record_time time, std::string_view document) {
  document.remove_prefix(1);
  document.remove_suffix(1);
  return record{time, "status"}.put_json(document).line();
}

std::string stopping_record(record_time time, std::string_view reason) {
  return record{time, "stopping"}.put("reason", reason).line();
}

std::string ended_record(record_time time) {
  return record{time, "ended"}.line();
}

std::string checkpoint_record(record_time time, std::string_view state) {
  record r{time, "checkpoint"};
  return r.put_json(R"("state":)").put_json(state).line();
}

agent_record read_record(std::string_view line) {
  agent_record result;
  json_reader reader{record_wishes, &result};
  reader.feed(line);
  reader.finish();
  return reader.now() == json_reader::state::whole ? result : agent_record{};
}

} // namespace container_agent::codec
