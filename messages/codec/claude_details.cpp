#include "messages/codec/claude_details.hpp"

#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

#include <initializer_list>

namespace container_agent::codec {

namespace {

using nlohmann::json;

/// The first text at these places, below `root`, that is not empty.
std::string first_text(const json& line, const std::string& root,
                       std::initializer_list<const char*> places) {
  std::string result;
  for (const auto* place : places)
    if (result.empty())
      result = text_at(line, root + place).substr(0, max_subject);
  return result;
}

} // namespace

request_details read_request_details(std::string_view text) {
  auto line = json::parse(text, nullptr, false);
  request_details result;
  result.subtype = first_text(line, "/request", {"/subtype"});
  result.tool = first_text(line, "/request",
                           {"/tool_name", "/server_name", "/mcp_server_name"});
  if (result.tool.empty()) { // a hook names its event, and the tool of that
    auto event = first_text(line, "/request/input", {"/hook_event_name"});
    auto tool = first_text(line, "/request/input", {"/tool_name"});
    result.tool = event + (event.empty() || tool.empty() ? "" : " ") + tool;
  }
  const json::json_pointer inner{"/request/input/tool_input"};
  auto is_hook = line.contains(inner) && line.at(inner).is_object();
  // Members that say what a tool works on, the best first.
  result.subject
    = first_text(line, is_hook ? inner.to_string() : "/request/input",
                 {"/command", "/file_path", "/notebook_path", "/url", "/query",
                  "/pattern", "/path", "/description", "/prompt"});
  if (result.subject.empty())
    result.subject = first_text(line, "/request", {"/message/method"});
  return result;
}

std::optional<std::vector<std::string>> read_task_ids(std::string_view text) {
  auto line = json::parse(text, nullptr, false);
  auto tasks = line.is_object() ? line.find("tasks") : line.end();
  if (tasks == line.end() || !tasks->is_array())
    return std::nullopt;
  std::vector<std::string> result;
  for (const auto& task : *tasks)
    if (auto id = first_text(task, "", {"/task_id"}); !id.empty())
      result.push_back(std::move(id));
  return result;
}

} // namespace container_agent::codec
