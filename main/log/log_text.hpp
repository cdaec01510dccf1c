#pragma once

#include "actors/core/ports.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

/// How log records are spelled. Pure; values are redacted here, so that no
/// format can forget it.
namespace container_agent {

/// A longer text value is cut, and told by how much. 8 KiB hold any message
/// that a person would read.
inline constexpr std::size_t max_log_value = 8 * 1024;

struct log_record {
  std::chrono::system_clock::time_point time;
  log_level level;
  std::string_view logger;
  std::string_view event;
  std::vector<log_field> fields;
};

/// An object on one line, with its LF. Bytes that are no UTF-8 become U+FFFD. A
/// field named like one of the record's own members gets a `_` behind its name.
std::string json_line(const log_record& record);

/// The same as people read it: time, level, logger and event in columns, then
/// `name=value …`. Blanks make quotes, control characters are escaped: nothing
/// in a value can move a terminal's cursor. `colour` adds terminal sequences to
/// the level.
std::string text_line(const log_record& record, bool colour);

} // namespace container_agent
