#pragma once

#include <string_view>

/// The names that log records are filed under: that of the actor that writes
/// the record, or of the one it is about.
namespace container_agent::loggers {

inline constexpr std::string_view agent = "agent";
inline constexpr std::string_view claude_process = "claude_process";
inline constexpr std::string_view control = "control";
inline constexpr std::string_view conversation = "conversation";
inline constexpr std::string_view pipe_input = "pipe_input";
inline constexpr std::string_view pipe_output = "pipe_output";

} // namespace container_agent::loggers
