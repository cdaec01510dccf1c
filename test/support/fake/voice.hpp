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
  std::string mode = "default"; // of permissions

  /// Stands for half a surrogate pair, which no JSON library holds.
  static constexpr std::string_view half_a_pair = "\uE000";

  void emit(const json& value) {
    auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    for (auto at = text.find(half_a_pair); at != std::string::npos;
         at = text.find(half_a_pair, at))
      text.replace(at, half_a_pair.size(), "\\ud83d");
    out.line(text);
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
          {"permissionMode", mode},
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

  void assistant(const std::string& text, const std::vector<std::string>& uuids,
                 bool is_error = false) {
    speak({{"type", "text"}, {"text", text}}, uuids, is_error);
  }

  /// `content`: a block of a message.
  void speak(const json& content, const std::vector<std::string>& uuids,
             bool is_error = false) {
    json line = {{"type", "assistant"},
                 {"message",
                  {{"id", "msg_" + new_uuid().substr(0, 8)},
                   {"type", "message"},
                   {"role", "assistant"},
                   {"model", "fake"},
                   {"content", json::array({content})},
                   {"stop_reason", nullptr},
                   {"stop_sequence", nullptr},
                   {"usage", {{"input_tokens", 3}, {"output_tokens", 1}}}}},
                 {"parent_tool_use_id", nullptr},
                 {"session_id", session_id},
                 {"uuid", new_uuid()},
                 {"timestamp", now()}};
    if (is_error)
      line["error"] = "unknown";
    mark(line, uuids);
    emit(line);
  }

  void tool_result(const std::string& tool_use_id, const std::string& text,
                   bool is_error) {
    from_user({{"tool_use_id", tool_use_id},
               {"type", "tool_result"},
               {"content", text},
               {"is_error", is_error}});
  }

  void request_interrupted() {
    from_user({{"type", "text"}, {"text", "[Request interrupted by user]"}});
  }

  /// What is told to the model in the user's name.
  void from_user(const json& content) {
    emit({{"type", "user"},
          {"message", {{"role", "user"}, {"content", json::array({content})}}},
          {"parent_tool_use_id", nullptr},
          {"session_id", session_id},
          {"uuid", new_uuid()},
          {"timestamp", now()}});
  }

  double dollars = 0; // of all turns of this process

  /// `origin`: what the turn is about, if it is about no prompt.
  void answered(const std::string& text, bool is_error,
                const std::vector<std::string>& uuids,
                const char* origin = nullptr) {
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
    if (origin != nullptr)
      line["origin"] = {{"kind", origin}};
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

  void hook_callback(const std::string& request_id, const json& callback) {
    emit(
      {{"type", "control_request"},
       {"request_id", request_id},
       {"request", {{"subtype", "hook_callback"}, {"callback_id", callback}}}});
  }

  void system(const char* subtype, json more = json::object()) {
    json line = {{"type", "system"}, {"subtype", subtype}};
    line.update(more);
    line["uuid"] = new_uuid();
    line["session_id"] = session_id;
    emit(line);
  }

  /// `running`: the ids of all tasks that run now.
  void tasks_changed(const std::vector<std::string>& running) {
    auto tasks = json::array();
    for (const auto& id : running)
      tasks.push_back({{"task_id", id}, {"task_type", "local_bash"}});
    system("background_tasks_changed", {{"tasks", tasks}});
  }

  void task_over(const std::string& id, const char* status) {
    system("task_notification", {{"task_id", id}, {"status", status}});
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
