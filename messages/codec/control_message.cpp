#include "messages/codec/control_message.hpp"

#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace container_agent::codec {

namespace {

using nlohmann::ordered_json;

constexpr std::array commands{control_command::status, control_command::stop,
                              control_command::restart_claude,
                              control_command::interrupt,
                              control_command::trace};

// More than any agent can be told to take, in milliseconds.
constexpr std::uint64_t longest_stop = 7 * 24 * 3'600'000;

std::string known_commands() {
  std::string result;
  for (auto command : commands)
    result += (result.empty() ? "" : ", ") + std::string{to_string(command)};
  return result;
}

/// Takes a member, if it is there. False: it is of another type.
template <class Value>
bool take(const ordered_json& object, const char* name, Value& to) {
  auto found = object.find(name);
  if (found == object.end())
    return true;
  if (std::is_same_v<Value, std::uint64_t> && !found->is_number_unsigned())
    return false;
  try {
    found->get_to(to);
    return true;
  } catch (const ordered_json::exception&) {
    return false;
  }
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
  auto value = ordered_json::parse(line, nullptr, false);
  if (!value.is_object())
    return control_fault{"not a JSON object"};
  std::string name;
  if (!take(value, "command", name) || !value.contains("command"))
    return control_fault{"the object has no \"command\", a string"};
  const auto* command
    = std::find_if(commands.begin(), commands.end(),
                   [&name](auto known) { return to_string(known) == name; });
  if (command == commands.end())
    return control_fault{"unknown command; there are " + known_commands()};
  control_request result{*command, false, {}};
  auto& [prompt, types, actors, past] = result.trace;
  for (auto [fits, fault] :
       {std::pair{take(value, "now", result.now),
                  R"("now" is neither true nor false)"},
        {take(value, "reason", result.reason), R"("reason" is not a string)"},
        {take(value, "prompt", prompt), R"("prompt" is not a string)"},
        {take(value, "types", types), R"("types" is not a list of strings)"},
        {take(value, "actors", actors), R"("actors" is not a list of strings)"},
        {take(value, "past", past), R"("past" is not a number of events)"}})
    if (!fits)
      return control_fault{fault};
  return result;
}

std::string control_request_text(const control_request& request) {
  ordered_json value;
  value["command"] = to_string(request.command);
  if (request.now)
    value["now"] = true;
  if (!request.reason.empty())
    value["reason"] = request.reason;
  write_wish(request.trace, value);
  return json_text(value);
}

std::string control_done(std::string_view what) {
  return what.empty() ? R"({"ok":true})"
                      : json_text({{"ok", true}, {"done", what}});
}

std::string control_failed(std::string_view why) {
  return json_text({{"ok", false}, {"error", why}});
}

// The document is JSON already: parsing it to write it again would only cost.
std::string control_status_answer(std::string_view document) {
  return R"({"ok":true,"status":)" + std::string{document} + '}';
}

std::string control_stopping(std::chrono::milliseconds at_most) {
  return json_text({{"ok", true}, {"at_most_ms", at_most.count()}});
}

control_answer read_control_answer(std::string_view line) {
  auto value = ordered_json::parse(line, nullptr, false);
  control_answer result;
  result.error = "the answer is none: " + std::string{line.substr(0, 100)};
  if (!value.is_object() || !value.contains("ok")
      || !take(value, "ok", result.ok))
    return result;
  if (std::string why; result.ok || (take(value, "error", why) && !why.empty()))
    result.error = why;
  take(value, "done", result.done);
  if (auto status = value.find("status"); status != value.end())
    result.document = json_text(*status);
  std::uint64_t most = 0;
  take(value, "at_most_ms", most);
  result.at_most = std::chrono::milliseconds{std::min(most, longest_stop)};
  return result;
}

} // namespace container_agent::codec
