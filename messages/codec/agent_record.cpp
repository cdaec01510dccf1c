#include "messages/codec/agent_record.hpp"

#include "messages/codec/json_line.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <ctime>

namespace container_agent::codec {

namespace {

using nlohmann::ordered_json;

ordered_json record(time_point time, const char* subtype) {
  return {
    {"type", "container_agent"}, {"subtype", subtype}, {"time", iso8601(time)}};
}

ordered_json text_or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

} // namespace

std::string iso8601(time_point time) {
  using namespace std::chrono;
  auto seconds = floor<std::chrono::seconds>(time);
  auto millis = duration_cast<milliseconds>(time - seconds).count();
  auto t = system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&t, &utc);
  char text[40];
  auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(millis));
  return text;
}

std::string ready_record(time_point time, const child_started& child,
                         std::string_view session_id) {
  auto r = record(time, "ready");
  r["pid"] = child.pid;
  r["session_id"] = text_or_null(session_id);
  r["attached"] = child.attached;
  r["resumed"] = child.resumed;
  return json_line(r);
}

std::string accepted_record(time_point time, std::string_view uuid,
                            std::uint64_t position, bool duplicate) {
  auto r = record(time, "accepted");
  r["uuid"] = uuid;
  r["position"] = position;
  if (duplicate)
    r["duplicate"] = true;
  return json_line(r);
}

std::string rejected_record(time_point time, std::string_view reason,
                            std::string_view detail, std::uint64_t number,
                            std::string_view uuid) {
  auto r = record(time, "rejected");
  r["reason"] = reason;
  r["detail"] = detail;
  r["line"] = number;
  if (!uuid.empty())
    r["uuid"] = uuid;
  return json_line(r);
}

std::string claude_exited_record(time_point time, const child_ended& child,
                                 std::string_view uuid) {
  auto r = record(time, "claude_exited");
  r["pid"] = child.pid;
  if (child.kind != exit_kind::known)
    r["exit_code"] = nullptr;
  else if (child.signal != 0)
    r["signal"] = child.signal;
  else
    r["exit_code"] = child.exit_code;
  if (!uuid.empty())
    r["uuid"] = uuid;
  if (child.cut_bytes != 0)
    r["cut_bytes"] = child.cut_bytes;
  return json_line(r);
}

std::string restarting_record(time_point time, const restart_scheduled& plan) {
  auto r = record(time, "restarting");
  r["attempt"] = plan.attempt;
  r["delay_ms"] = plan.delay.count();
  r["reason"] = plan.reason;
  return json_line(r);
}

std::string resent_record(time_point time, std::string_view uuid,
                          std::uint32_t attempt) {
  auto r = record(time, "resent");
  r["uuid"] = uuid;
  r["attempt"] = attempt;
  return json_line(r);
}

std::string failed_record(time_point time, std::string_view uuid,
                          std::string_view reason, std::string_view detail) {
  auto r = record(time, "failed");
  r["uuid"] = uuid;
  r["reason"] = reason;
  if (!detail.empty())
    r["detail"] = detail;
  return json_line(r);
}

std::string session_lost_record(time_point time, std::string_view session_id) {
  auto r = record(time, "session_lost");
  r["session_id"] = session_id;
  return json_line(r);
}

std::string status_record(time_point time, std::string_view document) {
  auto r = record(time, "status");
  r.update(ordered_json::parse(document));
  return json_line(r);
}

std::string stopping_record(time_point time, std::string_view reason) {
  auto r = record(time, "stopping");
  r["reason"] = reason;
  return json_line(r);
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
