#pragma once

#include "test/support/fake/io.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <string>
#include <vector>

namespace container_agent::test::fake {

/// Order is part of what a relay has to get right: a `result` of Claude Code
/// has its `type` in the middle.
using json = nlohmann::ordered_json;

/// Writes the lines of Claude Code 2.1.330, in their shape and key order; long
/// lists that no test needs are left out.
class voice {
public:
  output out;
  std::string session_id;

  void emit(const json& value) {
    out.line(value.dump(-1, ' ', false, json::error_handler_t::replace));
  }

  void lifecycle(const std::string& command_uuid, const char* state) {
    // A prompt without a uuid has no life cycle.
    if (command_uuid.empty())
      return;
    emit({{"type", "command_lifecycle"},
          {"command_uuid", command_uuid},
          {"state", state},
          {"uuid", new_uuid()},
          {"session_id", session_id}});
  }

  void init(const std::string& cwd, const std::vector<std::string>& uuids) {
    emit({{"type", "system"},
          {"subtype", "init"},
          {"cwd", cwd},
          {"session_id", session_id},
          {"tools", {"Bash", "Read"}},
          {"mcp_servers", json::array()},
          {"model", "fake"},
          {"permissionMode", "default"},
          {"apiKeySource", "none"},
          {"claude_code_version", "2.1.330"},
          {"capabilities", {"msg_lifecycle_v1"}},
          {"uuid", new_uuid()},
          {"user_message_uuids", uuids}});
  }

  /// `again`: of a message that is known already, and so is not run.
  void replay(const json& message, const std::string& uuid, bool again) {
    json line = {{"type", "user"},
                 {"message", message},
                 {"session_id", session_id},
                 {"parent_tool_use_id", nullptr},
                 {"uuid", uuid.empty() ? new_uuid() : uuid}};
    if (!again)
      line["timestamp"] = now();
    line["isReplay"] = true;
    emit(line);
  }

  void assistant(const std::string& text,
                 const std::vector<std::string>& uuids) {
    json line
      = {{"type", "assistant"},
         {"message",
          {{"id", "msg_" + new_uuid().substr(0, 8)},
           {"type", "message"},
           {"role", "assistant"},
           {"model", "fake"},
           {"content", json::array({{{"type", "text"}, {"text", text}}})},
           {"stop_reason", nullptr},
           {"stop_sequence", nullptr},
           {"usage", {{"input_tokens", 3}, {"output_tokens", 1}}}}},
         {"parent_tool_use_id", nullptr},
         {"session_id", session_id},
         {"uuid", new_uuid()},
         {"timestamp", now()}};
    mark(line, uuids);
    emit(line);
  }

  void request_interrupted() {
    emit({{"type", "user"},
          {"message",
           {{"role", "user"},
            {"content",
             json::array({{{"type", "text"},
                           {"text", "[Request interrupted by user]"}}})}}},
          {"parent_tool_use_id", nullptr},
          {"session_id", session_id},
          {"uuid", new_uuid()},
          {"timestamp", now()}});
  }

  double dollars = 0; // of all turns of this process

  void answered(const std::string& text, bool is_error,
                const std::vector<std::string>& uuids) {
    json line = {{"duration_api_ms", 25},
                 {"stop_reason", "end_turn"},
                 {"session_id", session_id},
                 {"total_cost_usd", dollars += 0.001},
                 {"usage", {{"input_tokens", 3}, {"output_tokens", 5}}},
                 {"modelUsage", json::object()},
                 {"permission_denials", json::array()},
                 {"terminal_reason", "completed"},
                 {"is_error", is_error},
                 {"num_turns", 1},
                 {"subtype", "success"},
                 {"api_error_status", nullptr},
                 {"result", text},
                 {"type", "result"},
                 {"duration_ms", 26},
                 {"uuid", new_uuid()}};
    mark(line, uuids);
    emit(line);
  }

  void aborted(const std::vector<std::string>& uuids) {
    json line = {{"duration_api_ms", 0},
                 {"stop_reason", nullptr},
                 {"session_id", session_id},
                 {"terminal_reason", "aborted_streaming"},
                 {"is_error", true},
                 {"num_turns", 2},
                 {"subtype", "error_during_execution"},
                 {"errors", {"[ede_diagnostic] result_type=user"}},
                 {"type", "result"},
                 {"duration_ms", 26},
                 {"uuid", new_uuid()}};
    mark(line, uuids);
    emit(line);
  }

  void no_conversation(const std::string& why) {
    emit({{"type", "result"},
          {"subtype", "error_during_execution"},
          {"duration_ms", 0},
          {"duration_api_ms", 0},
          {"is_error", true},
          {"num_turns", 0},
          {"stop_reason", nullptr},
          {"session_id", session_id},
          {"total_cost_usd", 0},
          {"uuid", new_uuid()},
          {"errors", {why}},
          {"result_index", 0}});
  }

  void can_use_tool(const std::string& request_id) {
    emit({{"type", "control_request"},
          {"request_id", request_id},
          {"request",
           {{"subtype", "can_use_tool"},
            {"tool_name", "Bash"},
            {"display_name", "Bash"},
            {"input", {{"command", "true"}, {"description", "Nothing"}}},
            {"description", "Nothing"},
            {"tool_use_id", "toolu_" + request_id.substr(0, 8)}}}});
  }

private:
  static void mark(json& line, const std::vector<std::string>& uuids) {
    if (uuids.empty())
      return;
    line["user_message_uuid"] = uuids.back();
    line["user_message_uuids"] = uuids;
  }

  static std::string now() {
    auto seconds = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z",
                  std::gmtime(&seconds));
    return text;
  }
};

} // namespace container_agent::test::fake
