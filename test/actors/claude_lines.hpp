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

inline std::string init(const std::string& in_session = session) {
  return R"({"type":"system","subtype":"init","session_id":")" + in_session
         + R"(","tools":[],"model":"claude-opus-5-5"})" + '\n';
}

inline std::string replay(const std::string& uuid, const std::string& text,
                          const std::string& in_session = session) {
  return R"({"type":"user","message":{"role":"user","content":")" + text
         + R"("},"session_id":")" + in_session + R"(","uuid":")" + uuid
         + R"(","isReplay":true})" + '\n';
}

inline std::string assistant(const std::string& text,
                             const std::string& in_session = session) {
  return R"({"type":"assistant","message":{"id":"msg_1","type":"message",)"
         R"("role":"assistant","content":[{"type":"text","text":")"
         + text + R"("}]},"session_id":")" + in_session + "\"}\n";
}

/// The members of a `result` behind which its `type` stands.
inline std::string result_line(const std::string& before_type,
                               const std::vector<std::string>& uuids,
                               const std::string& in_session = session) {
  std::string list;
  for (const auto& uuid : uuids)
    list += (list.empty() ? "\"" : ",\"") + uuid + '"';
  return R"({"duration_api_ms":25,"session_id":")" + in_session + R"(",)"
         + before_type + R"("type":"result","uuid":"d3690a62")"
         + (uuids.empty() ? "" : R"(,"user_message_uuids":[)" + list + "]")
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

/// What a Claude Code says that was to resume a session it does not have.
inline std::string no_conversation(const std::string& asked_for) {
  return R"({"type":"result","subtype":"error_during_execution",)"
         R"("is_error":true,"session_id":")"
         + asked_for + R"(","errors":["No conversation found with session ID: )"
         + asked_for + "\"]}\n";
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

/// All of a turn, as it was measured.
inline std::string turn(const std::string& uuid, const std::string& text,
                        const std::string& answer) {
  return lifecycle(uuid, "queued") + lifecycle(uuid, "started") + init()
         + replay(uuid, text) + assistant(answer) + result({uuid}, answer)
         + lifecycle(uuid, "completed");
}

} // namespace container_agent::test::claude
