#include "main/log/log_text.hpp"

#include "main/log/redaction.hpp"
#include "messages/utc_text.hpp"
#include "messages/visible_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace container_agent {

namespace {

/// Seen beyond the cut, so that a secret at the cut is still known as one.
constexpr std::size_t redaction_margin = 512;

/// Room for what most records have, so that a line is one allocation.
constexpr std::size_t usual_line = 240;

/// As between quotes.
void append_escaped(std::string& out, std::string_view text) {
  append_visible(out, text, R"("\)");
}

bool is_bare(std::string_view text) {
  if (text.empty())
    return false;
  for (char c : text)
    if (c == '"' || c == '=' || c == '\\' || static_cast<signed char>(c) <= ' '
        || c == 0x7f)
      return false;
  return true;
}

void append_text(std::string& out, std::string_view text) {
  if (is_bare(text)) {
    out += text;
    return;
  }
  out += '"';
  append_escaped(out, text);
  out += '"';
}

/// What may be shown of a text value.
std::string presentable(const log_field& field, std::string_view all) {
  if (is_secret_name(field.name) && !all.empty())
    return std::string{redacted};
  auto shown = redact(all.substr(0, max_log_value + redaction_margin));
  if (all.size() <= max_log_value)
    return shown;
  auto end = std::min(max_log_value, shown.size());
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xc0) == 0x80)
    --end;
  shown.resize(end);
  return shown + "… [" + std::to_string(all.size()) + " bytes in all]";
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end.ptr);
}

/// `append_string(out, text)` is how the format spells texts.
template <class AppendString>
void append_value(std::string& out, const log_field& field,
                  AppendString append_string) {
  std::visit(
    [&](const auto& value) {
      using type = std::decay_t<decltype(value)>;
      if constexpr (std::is_same_v<type, std::string_view>)
        append_string(out, presentable(field, value));
      else if constexpr (std::is_same_v<type, bool>)
        out += value ? "true" : "false";
      else if constexpr (std::is_same_v<type, double>)
        std::isfinite(value) ? append_number(out, value) : void(out += "null");
      else
        append_number(out, value);
    },
    field.value);
}

bool is_own_member(std::string_view name) {
  return name == "timestamp" || name == "level" || name == "logger"
         || name == "event";
}

std::string_view colour_of(std::string_view level) {
  if (level == "error")
    return "\x1b[31m"; // red
  if (level == "warn")
    return "\x1b[33m"; // yellow
  if (level == "info")
    return "\x1b[32m"; // green
  return "\x1b[2m";    // faint
}

/// Fills up to the column's width, at least by one blank.
void pad(std::string& out, std::size_t written, std::size_t width) {
  out.append(written < width ? width - written : 1, ' ');
}

} // namespace

std::string json_members(std::string_view event,
                         const std::vector<log_field>& fields) {
  std::string out = "\"event\":";
  out.reserve(usual_line);
  append_json_text(out, event);
  for (const auto& field : fields) {
    out += ',';
    append_json_text(out, field.name);
    if (is_own_member(field.name))
      out.insert(out.size() - 1, 1, '_');
    out += ':';
    append_value(out, field, append_json_text);
  }
  return out;
}

std::string text_members(std::string_view event,
                         const std::vector<log_field>& fields) {
  constexpr std::size_t event_width = 20;
  std::string out;
  append_escaped(out, event);
  if (fields.size() > 0)
    pad(out, out.size(), event_width);
  for (const auto& field : fields) {
    if (&field != fields.data())
      out += ' ';
    append_escaped(out, field.name);
    out += '=';
    append_value(out, field, append_text);
  }
  return out;
}

std::string json_line(const log_record_head& head, std::string_view members) {
  std::string out = "{\"timestamp\":\"";
  out.reserve(members.size() + usual_line);
  out += utc_text(head.time);
  out += "\",\"level\":\"";
  out += head.level;
  out += "\",\"logger\":";
  append_json_text(out, head.logger);
  out += ',';
  out += members;
  out += "}\n";
  return out;
}

std::string text_line(const log_record_head& head, std::string_view members,
                      bool colour) {
  constexpr std::size_t level_width = 6;
  constexpr std::size_t logger_width = 21; // shutdown_coordinator
  std::string out = utc_text(head.time, ' ') + ' ';
  if (colour)
    out += colour_of(head.level);
  out += head.level;
  if (colour)
    out += "\x1b[0m";
  pad(out, head.level.size(), level_width);
  append_escaped(out, head.logger);
  pad(out, head.logger.size(), logger_width);
  out += members;
  return out + '\n';
}

} // namespace container_agent
