#include "messages/codec/control_message.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent::codec {

namespace {

using json = nlohmann::json;
using ordered_json = nlohmann::ordered_json;

constexpr std::array commands{control_command::status, control_command::stop,
                              control_command::restart_claude,
                              control_command::interrupt,
                              control_command::trace};

// More than any agent can be told to take, in milliseconds.
constexpr std::uint64_t longest_stop = 7 * 24 * 3'600'000;

// Bytes from outside may be no UTF-8; an answer must be.
std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string known_commands() {
  std::string result;
  for (auto command : commands)
    result += (result.empty() ? "" : ", ") + std::string{to_string(command)};
  return result;
}

// What is said of a trace's events. Returns what is wrong with it.
std::string read_wish(const json& value, trace_wish& wish) {
  if (auto prompt = value.find("prompt"); prompt != value.end()) {
    if (!prompt->is_string())
      return "\"prompt\" is not a string";
    wish.prompt = prompt->get<std::string>();
  }
  for (auto [name, into] :
       {std::pair{"types", &wish.types}, std::pair{"actors", &wish.actors}}) {
    auto list = value.find(name);
    if (list == value.end())
      continue;
    auto is_text = [](const json& x) { return x.is_string(); };
    if (!list->is_array() || !std::all_of(list->begin(), list->end(), is_text))
      return '"' + std::string{name} + "\" is not a list of strings";
    *into = list->get<std::vector<std::string>>();
  }
  if (auto past = value.find("past"); past != value.end()) {
    if (!past->is_number_unsigned())
      return "\"past\" is not a number of events";
    wish.past = past->get<std::uint64_t>();
  }
  return {};
}

void write_wish(const trace_wish& wish, ordered_json& value) {
  if (!wish.prompt.empty())
    value["prompt"] = wish.prompt;
  if (!wish.types.empty())
    value["types"] = wish.types;
  if (!wish.actors.empty())
    value["actors"] = wish.actors;
  if (wish.past > 0)
    value["past"] = wish.past;
}

} // namespace

std::string_view to_string(control_command command) {
  switch (command) {
    case control_command::status: return "status";
    case control_command::stop: return "stop";
    case control_command::restart_claude: return "restart_claude";
    case control_command::interrupt: return "interrupt";
    case control_command::trace: return "trace";
  }
  return "unknown";
}

std::variant<control_request, control_fault>
read_control_request(std::string_view line) {
  auto value = json::parse(line, nullptr, false);
  if (!value.is_object())
    return control_fault{"not a JSON object"};
  auto name = value.find("command");
  if (name == value.end() || !name->is_string())
    return control_fault{"the object has no \"command\", a string"};
  for (auto command : commands) {
    if (name->get_ref<const std::string&>() != to_string(command))
      continue;
    control_request result{command, false, {}};
    if (auto now = value.find("now"); now != value.end()) {
      if (!now->is_boolean())
        return control_fault{"\"now\" is neither true nor false"};
      result.now = now->get<bool>();
    }
    if (auto reason = value.find("reason"); reason != value.end()) {
      if (!reason->is_string())
        return control_fault{"\"reason\" is not a string"};
      result.reason = reason->get<std::string>();
    }
    if (auto fault = read_wish(value, result.trace); !fault.empty())
      return control_fault{fault};
    return result;
  }
  return control_fault{"unknown command; there are " + known_commands()};
}

std::string control_request_text(const control_request& request) {
  ordered_json value;
  value["command"] = to_string(request.command);
  if (request.now)
    value["now"] = true;
  if (!request.reason.empty())
    value["reason"] = request.reason;
  write_wish(request.trace, value);
  return text_of(value);
}

std::string control_done(std::string_view what) {
  return what.empty() ? R"({"ok":true})"
                      : text_of({{"ok", true}, {"done", what}});
}

std::string control_failed(std::string_view why) {
  return text_of({{"ok", false}, {"error", why}});
}

// The document is JSON already: parsing it to write it again would only cost.
std::string control_status_answer(std::string_view document) {
  return R"({"ok":true,"status":)" + std::string{document} + '}';
}

std::string control_stopping(std::chrono::milliseconds at_most) {
  return text_of({{"ok", true}, {"at_most_ms", at_most.count()}});
}

control_answer read_control_answer(std::string_view line) {
  auto value = ordered_json::parse(line, nullptr, false);
  control_answer result;
  result.error = "the answer is none: " + std::string{line.substr(0, 100)};
  auto ok = value.is_object() ? value.find("ok") : value.end();
  if (!value.is_object() || ok == value.end() || !ok->is_boolean())
    return result;
  result.ok = ok->get<bool>();
  auto error = value.find("error");
  if (result.ok)
    result.error.clear();
  else if (error != value.end() && error->is_string()
           && !error->get_ref<const std::string&>().empty())
    result.error = error->get<std::string>();
  if (auto done = value.find("done"); done != value.end() && done->is_string())
    result.done = done->get<std::string>();
  if (auto status = value.find("status"); status != value.end())
    result.document = text_of(*status);
  if (auto most = value.find("at_most_ms");
      most != value.end() && most->is_number_unsigned())
    result.at_most = std::chrono::milliseconds{
      std::min(most->get<std::uint64_t>(), longest_stop)};
  return result;
}

} // namespace container_agent::codec
