#include "main/log/log_text.hpp"

#include "main/log/redaction.hpp"
#include "messages/utc_text.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace container_agent {

namespace {

/// Seen beyond the cut, so that a secret at the cut is still known as one.
constexpr std::size_t redaction_margin = 512;

/// Room for what most records have, so that a line is one allocation.
constexpr std::size_t usual_line = 320;

// By `log_level`; faint, faint, green, yellow, red.
constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info",
                                                      "warn", "error"};
constexpr std::array<std::string_view, 5> level_colours{
  "\x1b[2m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};

/// As between quotes.
void append_escaped(std::string& out, std::string_view text) {
  append_visible(out, text, R"("\)");
}

bool is_bare(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

void append_text(std::string& out, std::string_view text) {
  const auto* quote = is_bare(text) ? "" : "\"";
  out += quote;
  append_escaped(out, text);
  out += quote;
}

/// What may be shown of a text value.
std::string presentable(std::string_view name, std::string_view all) {
  if (is_secret_name(name) && !all.empty())
    return std::string{redacted};
  auto shown = redact(all.substr(0, max_log_value + redaction_margin));
  if (all.size() <= max_log_value)
    return shown;
  shown.resize(first_bytes(shown, max_log_value).size());
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
        append_string(out, presentable(field.name, value));
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

/// Fills up to the column's width, at least by one blank.
void pad(std::string& out, std::size_t written, std::size_t width) {
  out.append(written < width ? width - written : 1, ' ');
}

} // namespace

std::string json_line(const log_record& record) {
  std::string out;
  out.reserve(usual_line);
  out += "{\"timestamp\":\"";
  out += utc_text(record.time);
  out += "\",\"level\":\"";
  out += level_names[static_cast<std::size_t>(record.level)];
  out += "\",\"logger\":";
  append_json_text(out, record.logger);
  out += ",\"event\":";
  append_json_text(out, record.event);
  for (const auto& field : record.fields) {
    out += ',';
    append_json_text(out, field.name);
    if (is_own_member(field.name))
      out.insert(out.size() - 1, 1, '_');
    out += ':';
    append_value(out, field, append_json_text);
  }
  return out += "}\n";
}

std::string text_line(const log_record& record, bool colour) {
  constexpr std::size_t level_width = 6;
  constexpr std::size_t logger_width = 21; // shutdown_coordinator
  constexpr std::size_t event_width = 20;
  auto level = static_cast<std::size_t>(record.level);
  auto name = level_names[level];
  auto out = utc_text(record.time, ' ') + ' ';
  out += colour ? level_colours[level] : "";
  out += name;
  out += colour ? "\x1b[0m" : "";
  pad(out, name.size(), level_width);
  append_escaped(out, record.logger);
  pad(out, record.logger.size(), logger_width);
  append_escaped(out, record.event);
  for (const auto& field : record.fields) {
    auto first = &field == record.fields.data();
    pad(out, first ? record.event.size() : 0, first ? event_width : 1);
    append_escaped(out, field.name);
    out += '=';
    append_value(out, field, append_text);
  }
  return out + '\n';
}

} // namespace container_agent
