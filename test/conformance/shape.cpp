#include "test/conformance/shape.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace container_agent::test::conformance {

using nlohmann::json;

namespace {

std::string text_in(const json& value, const char* name) {
  if (!value.is_object())
    return {};
  auto i = value.find(name);
  return i != value.end() && i->is_string() ? i->get<std::string>() : "";
}

bool flag_in(const json& value, const char* name) {
  auto i = value.find(name);
  return i != value.end() && i->is_boolean() && i->get<bool>();
}

const json& member(const json& value, const char* name) {
  static const json none;
  if (!value.is_object())
    return none;
  auto i = value.find(name);
  return i == value.end() ? none : *i;
}

std::string list(const json& uuids, const names& known) {
  std::string result;
  for (const auto& uuid : uuids)
    if (uuid.is_string())
      result
        += (result.empty() ? "" : ", ") + known.prompt(uuid.get<std::string>());
  return result;
}

/// The prompts that a line says it belongs to.
std::string owners(const json& line, const names& known) {
  auto text = list(member(line, "user_message_uuids"), known);
  return text.empty() ? "" : " for " + text;
}

/// What a message consists of, such as `text` or `tool_use`.
std::string parts(const json& line) {
  const auto& content = member(member(line, "message"), "content");
  if (!content.is_array())
    return "text";
  std::string result;
  for (const auto& block : content) {
    result += (result.empty() ? "" : "+") + text_in(block, "type");
    if (flag_in(block, "is_error"))
      result += " is_error";
  }
  return result;
}

std::string shape_of_user(const json& line, const names& known) {
  if (!flag_in(line, "isReplay"))
    return "user " + parts(line);
  auto uuid = known.prompt(text_in(line, "uuid"));
  // Claude Code invents a uuid for a prompt that has none, and for the traces
  // of its own commands.
  return "user replay: " + uuid;
}

std::string shape_of_assistant(const json& line, const names& known) {
  return "assistant " + parts(line) + owners(line, known)
         + (line.contains("error") ? ", error" : "");
}

std::string shape_of_result(const json& line, const names& known) {
  auto result = "result " + text_in(line, "subtype") + owners(line, known);
  if (flag_in(line, "is_error"))
    result += ", is_error";
  if (auto origin = text_in(member(line, "origin"), "kind"); !origin.empty())
    result += ", origin " + origin;
  const auto& errors = member(line, "errors");
  auto why = errors.is_array() && !errors.empty() && errors[0].is_string()
               ? errors[0].get<std::string>()
               : std::string{};
  if (why.starts_with("No conversation found"))
    result += ", no conversation";
  else if (why.starts_with("Failed to resume"))
    result += ", failed to resume";
  return result;
}

std::string shape_of_response(const json& line, names& known) {
  const auto& response = member(line, "response");
  auto id = text_in(response, "request_id");
  auto result
    = "control_response " + text_in(response, "subtype") + ": " + known.ask(id);
  if (auto code = text_in(response, "error_code"); !code.empty())
    result += ", " + code;
  const auto& queued = member(member(response, "response"), "still_queued");
  if (queued.is_array())
    result += ", still queued: " + list(queued, known);
  return result;
}

std::string shape_of_system(const json& line, names& known) {
  auto subtype = text_in(line, "subtype");
  auto result = "system " + subtype;
  if (subtype == "init") {
    result += " in " + known.session(text_in(line, "session_id")) + ", mode "
              + text_in(line, "permissionMode") + owners(line, known);
  } else if (subtype == "background_tasks_changed") {
    std::string running;
    for (const auto& task : member(line, "tasks"))
      running
        += (running.empty() ? "" : ", ") + known.task(text_in(task, "task_id"));
    result += ": " + running;
  } else if (auto task = text_in(line, "task_id"); !task.empty()) {
    result += ": " + known.task(task);
    if (auto status = text_in(line, "status"); !status.empty())
      result += ", " + status;
  }
  return result;
}

std::string shape_of_json(const json& line, names& known) {
  auto type = text_in(line, "type");
  if (auto session = text_in(line, "session_id"); !session.empty())
    known.session(session);
  if (type == "command_lifecycle")
    return type + ' ' + text_in(line, "state") + ": "
           + known.prompt(text_in(line, "command_uuid"));
  if (type == "user")
    return shape_of_user(line, known);
  if (type == "assistant")
    return shape_of_assistant(line, known);
  if (type == "result")
    return shape_of_result(line, known);
  if (type == "control_response")
    return shape_of_response(line, known);
  if (type == "system")
    return shape_of_system(line, known);
  if (type == "control_request" || type == "control_cancel_request") {
    auto subtype = text_in(member(line, "request"), "subtype");
    return type + (subtype.empty() ? "" : " " + subtype) + ": "
           + known.ask(text_in(line, "request_id"));
  }
  auto subtype = text_in(line, "subtype");
  return type + (subtype.empty() ? "" : " " + subtype);
}

bool has_lone_surrogate(std::string_view line) {
  return parse_line(line).dump().find("\xEF\xBF\xBD") != std::string::npos;
}

} // namespace

const std::vector<noise>& noises() {
  static const std::vector<noise> list{
    {"system status", "what a terminal shows; its time varies"},
    {"system task_progress", "how far a subagent is; as often as it likes"},
    {"system task_updated", "repeats what task_notification says"},
    {"stream_event", "pieces of an answer; their number is the network's"},
    {"rate_limit_event", "of the account, not of the conversation"},
  };
  return list;
}

bool is_noise(std::string_view shape) {
  return std::any_of(noises().begin(), noises().end(),
                     [&](const noise& n) { return shape.starts_with(n.kind); });
}

// -- names --------------------------------------------------------------------

std::string names::uuid_of(const std::string& prompt) {
  if (auto i = uuids_.find(prompt); i != uuids_.end())
    return i->second;
  char text[37];
  std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012zx",
                uuids_.size() + 1);
  return uuids_[prompt] = text;
}

std::string names::prompt(const std::string& uuid) const {
  for (const auto& [name, known] : uuids_)
    if (known == uuid)
      return name;
  return "?";
}

std::string names::numbered(table& known, const char* kind,
                            const std::string& id) {
  auto& name = known[id];
  if (name.empty())
    name = std::string{kind} + ' ' + std::to_string(known.size());
  return name;
}

// The host's requests have names for ids; Claude Code's have uuids.
std::string names::ask(const std::string& request_id) {
  if (std::count(request_id.begin(), request_id.end(), '-') < 2)
    return request_id;
  return numbered(asks_, "ask", request_id);
}

std::string names::task(const std::string& id) {
  return numbered(tasks_, "task", id);
}

std::string names::session(const std::string& id) {
  last_session_ = id;
  return numbered(sessions_, "session", id);
}

std::string names::id_of_ask(const std::string& name) const {
  for (const auto& [id, known] : asks_)
    if (known == name)
      return id;
  return {};
}

// -- shapes -------------------------------------------------------------------

json parse_line(std::string_view line) {
  auto parsed = json::parse(line, nullptr, false);
  if (!parsed.is_discarded())
    return parsed;
  // Half a pair is an escape that the parser does not take.
  std::string mended{line};
  for (auto at = mended.find("\\ud8"); at != std::string::npos;
       at = mended.find("\\ud8", at + 1))
    if (mended.compare(at + 6, 3, "\\ud") != 0)
      mended.replace(at, 6, "\xEF\xBF\xBD");
  return json::parse(mended, nullptr, false);
}

std::string shape_of(std::string_view line, names& known) {
  auto parsed = parse_line(line);
  if (!parsed.is_object())
    return "no JSON";
  auto shape = shape_of_json(parsed, known);
  return has_lone_surrogate(line) ? shape + ", half a pair" : shape;
}

// -- comparing ----------------------------------------------------------------

std::string difference(const std::vector<std::string>& recorded,
                       const std::vector<std::string>& played) {
  if (recorded == played)
    return {};
  // The longest common subsequence, from the end.
  auto rows = recorded.size();
  auto columns = played.size();
  std::vector<std::vector<std::size_t>> common(
    rows + 1, std::vector<std::size_t>(columns + 1, 0));
  for (auto i = rows; i-- > 0;)
    for (auto j = columns; j-- > 0;)
      common[i][j] = recorded[i] == played[j]
                       ? common[i + 1][j + 1] + 1
                       : std::max(common[i + 1][j], common[i][j + 1]);
  std::string text = "(- recorded from the real Claude Code, + played)\n";
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && recorded[i] == played[j]) {
      text += "    " + recorded[i] + '\n';
      ++i;
      ++j;
    } else if (j == columns
               || (i < rows && common[i + 1][j] >= common[i][j + 1])) {
      text += "  - " + recorded[i++] + '\n';
    } else {
      text += "  + " + played[j++] + '\n';
    }
  }
  return text;
}

} // namespace container_agent::test::conformance
