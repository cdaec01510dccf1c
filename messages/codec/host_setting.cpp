#include "messages/codec/host_setting.hpp"

#include "messages/codec/input_message.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent::codec {

namespace {

using nlohmann::json;

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

std::string text_in(const json& object, std::string_view name) {
  auto i = object.find(name);
  return i != object.end() && i->is_string() ? i->get<std::string>() : "";
}

std::string members_of(const json& object, std::string_view name) {
  std::string result;
  if (auto i = object.find(name); i != object.end() && i->is_object())
    for (const auto& [member, value] : i->items()) // sorted by name
      result += member + '\n';
  return result;
}

} // namespace

std::optional<setting_name> setting_in(std::string_view line) {
  auto message = json::parse(line, nullptr, false);
  if (!message.is_object())
    return std::nullopt;
  auto type = text_in(message, "type");
  auto request = message.find("request");
  auto is_request = type == "control_request" && request != message.end()
                    && request->is_object();
  if (!is_request && type != "update_environment_variables")
    return std::nullopt;
  const auto& body = is_request ? *request : message;
  setting_name result;
  result.subtype = is_request ? text_in(body, "subtype") : type;
  auto row
    = std::find_if(setting_rows.begin(), setting_rows.end(),
                   [&](const auto& r) { return r.subtype == result.subtype; });
  if (row != setting_rows.end())
    result.slot = result.subtype + ' '
                  + (row->tells_apart.starts_with('*')
                       ? members_of(body, row->tells_apart.substr(1))
                       : text_in(body, row->tells_apart));
  else if (result.subtype.starts_with("set_"))
    result.slot = result.subtype;
  if (result.subtype == "set_permission_mode")
    result.mode = text_in(body, "mode");
  return result;
}

std::string with_request_id(std::string_view line, std::string_view id) {
  return with_member(line, "request_id", id);
}

std::string permission_mode_line(std::string_view mode) {
  nlohmann::ordered_json line;
  line["type"] = "control_request";
  line["request_id"] = "";
  line["request"] = {{"subtype", "set_permission_mode"}, {"mode", mode}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace container_agent::codec
