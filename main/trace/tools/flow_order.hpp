#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace container_agent::trace {

/// Actors and boundaries in the order in which a prompt passes them on its way
/// to Claude and back; after them those that look after the others.
inline constexpr std::array<std::string_view, 15> flow_order{
  "host_input",           "pipe_input",    "conversation",  "claude_process",
  "claude_stdin",         "claude_stdout", "claude_stderr", "pipe_output",
  "host_output",          "supervision",   "supervisor",    "health_monitor",
  "shutdown_coordinator", "control",       "http",
};

/// A name's place in it; its size for a name that it does not know.
constexpr std::size_t place_in_flow(std::string_view name) {
  std::size_t place = 0;
  while (place < flow_order.size() && flow_order[place] != name)
    ++place;
  return place;
}

/// The actor that reads or writes at a boundary; empty: not known.
constexpr std::string_view actor_at(std::string_view port) {
  if (port == "host_input")
    return "pipe_input";
  if (port == "host_output")
    return "pipe_output";
  if (port == "claude_stdin" || port == "claude_stdout"
      || port == "claude_stderr")
    return "claude_process";
  if (port == "control")
    return "control";
  return {};
}

} // namespace container_agent::trace
