#include "messages/codec/host_setting.hpp"

#include "messages/codec/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace container_agent::codec {

namespace {

/// Subtypes beside `set_…` that set something, and the member that
/// distinguishes their targets: each server is switched on its own. For those
/// with `*`, Claude merges the members of that object into what it has, so a
/// later one replaces an earlier one only if it has the same members.
struct setting_row {
  std::string_view subtype;
  std::string_view tells_apart;
};

constexpr auto setting_rows = std::to_array<setting_row>({
  {"add_directory", "path"},
  {"apply_flag_settings", "*settings"},
  {"initialize", ""},
  {"mcp_set_servers", ""},
  {"mcp_toggle", "serverName"},
  {"register_device_hooks", "instance_id"},
  {"register_repo_root", "directory"},
  {"set_mcp_permission_mode_override", "serverName"},
  {"update_environment_variables", "*variables"},
});

/// The value of a member, or with `*` the names of its members.
std::string distinction(const nlohmann::json& body, std::string_view member) {
  if (!member.starts_with('*'))
    return text_at(body, '/' + std::string{member});
  std::string result;
  auto object = body.find(member.substr(1));
  if (object != body.end() && object->is_object())
    for (const auto& [name, value] : object->items()) // sorted by name
      result += name + '\n';
  return result;
}

} // namespace

std::optional<setting_name> setting_in(std::string_view line) {
  auto message = nlohmann::json::parse(line, nullptr, false);
  auto type = text_at(message, "/type");
  auto is_request = type == "control_request" && message.contains("request")
                    && message["request"].is_object();
  if (!is_request && type != "update_environment_variables")
    return std::nullopt;
  const auto& body = is_request ? message["request"] : message;
  setting_name result;
  result.subtype = is_request ? text_at(body, "/subtype") : type;
  const auto* row
    = std::find_if(setting_rows.begin(), setting_rows.end(),
                   [&](const auto& r) { return r.subtype == result.subtype; });
  if (row != setting_rows.end())
    result.slot = result.subtype + ' ' + distinction(body, row->tells_apart);
  else if (result.subtype.starts_with("set_"))
    result.slot = result.subtype;
  if (result.subtype == "set_permission_mode")
    result.mode = text_at(body, "/mode");
  return result;
}

std::string permission_mode_line(std::string_view mode) {
  return json_text(
    {{"type", "control_request"},
     {"request_id", ""},
     {"request", {{"subtype", "set_permission_mode"}, {"mode", mode}}}});
}

} // namespace container_agent::codec
