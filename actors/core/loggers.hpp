#pragma once

#include <string_view>

/// The names that records of the log are filed under: the actor's, or of whom
/// it concerns.
namespace container_agent::loggers {

inline constexpr std::string_view agent = "agent";
inline constexpr std::string_view claude_process = "claude_process";
inline constexpr std::string_view control = "control";
inline constexpr std::string_view conversation = "conversation";
inline constexpr std::string_view pipe_input = "pipe_input";
inline constexpr std::string_view pipe_output = "pipe_output";

} // namespace container_agent::loggers
