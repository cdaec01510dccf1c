#pragma once

#include <string>
#include <vector>

/// Lines as Claude Code 2.1.330 writes them, each with its LF; members that
/// the agent has no eye for are left out.
namespace container_agent::test::claude {

inline const std::string session = "497abe98-a5f6-4d9d-a257-9b3535c1f600";

/// The answer to `initialize`.
inline std::string initialized(const std::string& request_id) {
  return R"({"type":"control_response","response":{"subtype":"success",)"
         R"("request_id":")"
         + request_id + R"(","response":{"commands":[],"pid":7}}})" + '\n';
}

inline std::string lifecycle(const std::string& uuid, const std::string& state,
                             const std::string& in_session = session) {
  return R"({"type":"command_lifecycle","command_uuid":")" + uuid
         + R"(","state":")" + state
         + R"(","uuid":"763a76d6-bda2-463c-9554-ee4f62b7818e","session_id":")"
         + in_session + "\"}\n";
}

/// The member that names the prompts that a line belongs to; nothing if none.
inline std::string owners(const std::vector<std::string>& uuids) {
  std::string list;
  for (const auto& uuid : uuids)
    list += (list.empty() ? "\"" : ",\"") + uuid + '"';
  return uuids.empty() ? "" : R"(,"user_message_uuids":[)" + list + "]";
}

inline std::string init(const std::string& in_session = session,
                        const std::string& mode = "default",
                        const std::vector<std::string>& uuids = {}) {
  return R"({"type":"system","subtype":"init","session_id":")" + in_session
         + R"(","tools":[],"model":"claude-opus-5-5","permissionMode":")" + mode
         + '"' + owners(uuids) + "}\n";
}

inline std::string replay(const std::string& uuid, const std::string& text,
                          const std::string& in_session = session) {
  return R"({"type":"user","message":{"role":"user","content":")" + text
         + R"("},"session_id":")" + in_session + R"(","uuid":")" + uuid
         + R"(","isReplay":true})" + '\n';
}

/// `error`: what the API has answered instead.
inline std::string assistant(const std::string& text,
                             const std::string& in_session = session,
                             const std::vector<std::string>& uuids = {},
                             bool error = false) {
  return R"({"type":"assistant","message":{"id":"msg_1","type":"message",)"
         R"("role":"assistant","content":[{"type":"text","text":")"
         + text + R"("}]},"session_id":")" + in_session + '"'
         + (error ? R"(,"error":"unknown")" : "") + owners(uuids) + "}\n";
}

/// The model wants to use a tool.
inline std::string tool_use(const std::string& id,
                            const std::string& in_session,
                            const std::vector<std::string>& uuids) {
  return R"({"type":"assistant","message":{"id":"msg_1","type":"message",)"
         R"("role":"assistant","content":[{"type":"tool_use","id":")"
         + id
         + R"(","name":"Bash","input":{"command":"true"}}]},"session_id":")"
         + in_session + '"' + owners(uuids) + "}\n";
}

/// What came of that, as it is told to the model.
inline std::string tool_result(const std::string& id, bool is_error,
                               const std::string& in_session) {
  return R"({"type":"user","message":{"role":"user","content":[)"
         R"({"type":"tool_result","tool_use_id":")"
         + id + R"(","content":"","is_error":)" + (is_error ? "true" : "false")
         + R"(}]},"session_id":")" + in_session + "\"}\n";
}

/// What an interrupt is told to the model as.
inline std::string request_interrupted(const std::string& in_session) {
  return R"({"type":"user","message":{"role":"user","content":[)"
         R"({"type":"text","text":"[Request interrupted by user]"}]},)"
         R"("session_id":")"
         + in_session + "\"}\n";
}

/// Any other line of the system's. `more`: members, each behind a comma.
inline std::string system(const std::string& subtype, const std::string& more,
                          const std::string& in_session) {
  return R"({"type":"system","subtype":")" + subtype + '"' + more
         + R"(,"session_id":")" + in_session + "\"}\n";
}

/// This is the only task that runs.
inline std::string one_task(const std::string& id,
                            const std::string& in_session) {
  return system("background_tasks_changed",
                R"(,"tasks":[{"task_id":")" + id + "\"}]", in_session);
}

inline std::string task_started(const std::string& id,
                                const std::string& in_session) {
  return one_task(id, in_session)
         + system("task_started", R"(,"task_id":")" + id + '"', in_session);
}

inline std::string task_told(const std::string& id, const std::string& status,
                             const std::string& in_session) {
  return system("task_notification",
                R"(,"task_id":")" + id + R"(","status":")" + status + '"',
                in_session);
}

inline std::string no_tasks(const std::string& in_session) {
  return system("background_tasks_changed", R"(,"tasks":[])", in_session);
}

/// The members of a `result` behind which its `type` stands.
inline std::string result_line(const std::string& before_type,
                               const std::vector<std::string>& uuids,
                               const std::string& in_session = session) {
  return R"({"duration_api_ms":25,"session_id":")" + in_session + R"(",)"
         + before_type + R"("type":"result","uuid":"d3690a62")" + owners(uuids)
         + "}\n";
}

/// The result of a turn that answers these prompts.
inline std::string result(const std::vector<std::string>& uuids,
                          const std::string& text,
                          const std::string& in_session = session) {
  return result_line(R"("is_error":false,"subtype":"success","result":")" + text
                       + R"(",)",
                     uuids, in_session);
}

/// The result of a turn that was interrupted.
inline std::string interrupted(const std::vector<std::string>& uuids,
                               const std::string& in_session = session) {
  return result_line(R"("is_error":true,"subtype":"error_during_execution",)"
                     R"("errors":["aborted"],)",
                     uuids, in_session);
}

/// What a Claude Code says that can't resume a session, and why.
inline std::string not_resumed(const std::string& asked_for,
                               const std::string& why) {
  return R"({"type":"result","subtype":"error_during_execution",)"
         R"("is_error":true,"session_id":")"
         + asked_for + R"(","errors":[")" + why + "\"]}\n";
}

/// … because it does not have it.
inline std::string no_conversation(const std::string& asked_for) {
  return not_resumed(asked_for,
                     "No conversation found with session ID: " + asked_for);
}

/// What one says that can't read it.
inline std::string failed_resume(const std::string& asked_for) {
  return R"({"type":"result","subtype":"error_during_execution",)"
         R"("is_error":true,"num_turns":0,"session_id":")"
         + asked_for
         + R"(","errors":["Failed to resume session: EISDIR: illegal )"
           R"(operation on a directory, read"]})"
         + '\n';
}

/// Claude does not do what a control request wants.
inline std::string refused(const std::string& request_id) {
  return R"({"type":"control_response","response":{"subtype":"error",)"
         R"("request_id":")"
         + request_id + R"(","error":"no"}})" + '\n';
}

/// What it says, behind its answer, when its permission mode has changed.
inline std::string mode_changed(const std::string& mode) {
  return R"({"type":"system","subtype":"status","status":null,)"
         R"("permissionMode":")"
         + mode + R"(","uuid":"37f6976c","session_id":")" + session + "\"}\n";
}

/// What a host writes to set something, without LF.
inline std::string set(const std::string& request_id,
                       const std::string& members) {
  return R"({"type":"control_request","request_id":")" + request_id
         + R"(","request":{)" + members + "}}";
}

inline std::string set_mode(const std::string& request_id,
                            const std::string& mode) {
  return set(request_id,
             R"("subtype":"set_permission_mode","mode":")" + mode + '"');
}

/// A permission prompt for the host.
inline std::string can_use_tool(const std::string& request_id) {
  return R"({"type":"control_request","request_id":")" + request_id
         + R"(","request":{"subtype":"can_use_tool","tool_name":"Bash"}})"
         + '\n';
}

/// The host's answer to one; also what Claude Code echoes.
inline std::string permission(const std::string& request_id) {
  return R"({"type":"control_response","response":{"subtype":"success",)"
         R"("request_id":")"
         + request_id + R"(","response":{"behavior":"allow"}}})" + '\n';
}

/// Claude wants no answer to its request any more.
inline std::string cancelled_request(const std::string& request_id) {
  return R"({"type":"control_cancel_request","request_id":")" + request_id
         + "\"}\n";
}

/// A hook that the host has registered, before a tool is used.
inline std::string hook_callback(const std::string& request_id) {
  return R"({"type":"control_request","request_id":")" + request_id
         + R"(","request":{"subtype":"hook_callback","callback_id":"hook_0"}})"
         + '\n';
}

/// A control request is refused.
inline std::string refused(const std::string& request_id,
                           const std::string& code) {
  return R"({"type":"control_response","response":{"subtype":"error",)"
         R"("request_id":")"
         + request_id + R"(","error":"no","error_code":")" + code + "\"}}\n";
}

/// An interrupt is acknowledged: these prompts wait on.
inline std::string interrupt_taken(const std::string& request_id,
                                   const std::vector<std::string>& waiting) {
  std::string list;
  for (const auto& uuid : waiting)
    list += (list.empty() ? "\"" : ",\"") + uuid + '"';
  return R"({"type":"control_response","response":{"subtype":"success",)"
         R"("request_id":")"
         + request_id + R"(","response":{"still_queued":[)" + list + "]}}}\n";
}

/// These tasks run in the background now.
inline std::string tasks(const std::vector<std::string>& ids) {
  std::string list;
  for (const auto& id : ids)
    list += std::string{list.empty() ? "" : ","} + R"({"task_id":")" + id
            + R"(","task_type":"local_bash"})";
  return R"({"type":"system","subtype":"background_tasks_changed","tasks":[)"
         + list + R"(],"session_id":")" + session + "\"}\n";
}

/// A task has ended so.
inline std::string task_ended(const std::string& id,
                              const std::string& status = "completed") {
  return R"({"type":"system","subtype":"task_notification","task_id":")" + id
         + R"(","status":")" + status + R"(","session_id":")" + session
         + "\"}\n";
}

/// The result of a turn that a task's end has begun.
inline std::string own_result(const std::string& text,
                              const std::string& in_session = session) {
  return result_line(
    R"("origin":{"kind":"task-notification","runId":"r"},"is_error":false,)"
    R"("subtype":"success","result":")"
      + text + R"(",)",
    {}, in_session);
}

/// All of a turn, as it was measured.
inline std::string turn(const std::string& uuid, const std::string& text,
                        const std::string& answer) {
  return lifecycle(uuid, "queued") + lifecycle(uuid, "started") + init()
         + replay(uuid, text) + assistant(answer) + result({uuid}, answer)
         + lifecycle(uuid, "completed");
}

} // namespace container_agent::test::claude
