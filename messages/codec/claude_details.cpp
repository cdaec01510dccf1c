#include "messages/codec/claude_details.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::codec {

namespace {

using nlohmann::json;

/// Members of a tool's input that say what it works on, the best first.
constexpr const char* subjects[]
  = {"command", "file_path", "notebook_path", "url",   "query",
     "pattern", "path",      "description",   "prompt"};

const json& member(const json& object, const char* name) {
  static const json nothing;
  if (!object.is_object())
    return nothing;
  auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_of(const json& value, std::size_t limit) {
  return value.is_string()
           ? value.get_ref<const std::string&>().substr(0, limit)
           : std::string{};
}

// A hook names its event, and the tool that it is about.
std::string name_of_hook(const json& input) {
  auto event = text_of(member(input, "hook_event_name"), max_subject);
  auto tool = text_of(member(input, "tool_name"), max_subject);
  return event + (event.empty() || tool.empty() ? "" : " ") + tool;
}

} // namespace

request_details read_request_details(std::string_view line) {
  auto whole = json::parse(line, nullptr, false);
  const auto& request = member(whole, "request");
  request_details result;
  result.subtype = text_of(member(request, "subtype"), max_subject);
  const auto& input = member(request, "input");
  for (const char* name : {"tool_name", "server_name", "mcp_server_name"})
    if (result.tool.empty())
      result.tool = text_of(member(request, name), max_subject);
  if (result.tool.empty())
    result.tool = name_of_hook(input);
  const auto& tool_input
    = member(input, "tool_input").is_object() ? input["tool_input"] : input;
  for (const char* name : subjects)
    if (result.subject.empty())
      result.subject = text_of(member(tool_input, name), max_subject);
  if (result.subject.empty())
    result.subject
      = text_of(member(member(request, "message"), "method"), max_subject);
  return result;
}

std::optional<std::vector<std::string>> read_task_ids(std::string_view line) {
  auto whole = json::parse(line, nullptr, false);
  const auto& tasks = member(whole, "tasks");
  if (!tasks.is_array())
    return std::nullopt;
  std::vector<std::string> result;
  for (const auto& task : tasks)
    if (auto id = text_of(member(task, "task_id"), max_subject); !id.empty())
      result.push_back(std::move(id));
  return result;
}

} // namespace container_agent::codec
