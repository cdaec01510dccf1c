#include "messages/codec/control_line.hpp"

#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

using nlohmann::ordered_json;

std::string cancel_request_line(std::string_view request_id) {
  return json_line(
    {{"type", "control_cancel_request"}, {"request_id", request_id}});
}

std::string deny_tool_line(std::string_view request_id, std::string_view why) {
  return json_line(
    {{"type", "control_response"},
     {"response",
      {{"subtype", "success"},
       {"request_id", request_id},
       {"response", {{"behavior", "deny"}, {"message", why}}}}}});
}

std::string control_request_line(std::string_view request_id,
                                 std::string_view subtype) {
  return json_line({{"type", "control_request"},
                    {"request_id", request_id},
                    {"request", {{"subtype", subtype}}}});
}

std::string stop_task_line(std::string_view request_id,
                           std::string_view task_id) {
  return json_line(
    {{"type", "control_request"},
     {"request_id", request_id},
     {"request", {{"subtype", "stop_task"}, {"task_id", task_id}}}});
}

std::string error_response_line(std::string_view request_id,
                                std::string_view why) {
  return json_line(
    {{"type", "control_response"},
     {"response",
      {{"subtype", "error"}, {"request_id", request_id}, {"error", why}}}});
}

std::string error_result_line(std::string_view session_id,
                              std::string_view uuid, std::string_view why) {
  return json_line({{"type", "result"},
                    {"subtype", "error_during_execution"},
                    {"duration_ms", 0},
                    {"duration_api_ms", 0},
                    {"is_error", true},
                    {"num_turns", 0},
                    {"stop_reason", nullptr},
                    {"session_id", session_id},
                    {"total_cost_usd", 0},
                    {"usage", ordered_json::object()},
                    {"modelUsage", ordered_json::object()},
                    {"permission_denials", ordered_json::array()},
                    {"uuid", uuid},
                    {"errors", ordered_json::array({why})}});
}

} // namespace container_agent::codec
