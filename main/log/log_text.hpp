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

/// What a record says beside its event and fields.
struct log_record_head {
  std::chrono::system_clock::time_point time;
  std::string_view level;
  std::string_view logger;
};

/// `"event":"…","name":value,…`: event and fields as members of an object.
/// Bytes that are no UTF-8 become U+FFFD. A field named like one of the
/// record's own members gets a `_` behind its name.
std::string json_members(std::string_view event,
                         const std::vector<log_field>& fields);

/// `event  name=value …`, as people read it. Blanks make quotes, control
/// characters are escaped: nothing in a value can move a terminal's cursor.
std::string text_members(std::string_view event,
                         const std::vector<log_field>& fields);

/// The whole record with its LF, given its members.
std::string json_line(const log_record_head& head, std::string_view members);

/// The same for people: time, level, logger in columns. `colour` adds terminal
/// sequences to the level.
std::string text_line(const log_record_head& head, std::string_view members,
                      bool colour);

} // namespace container_agent
