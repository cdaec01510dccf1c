#pragma once

#include "main/trace/record/tracer.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace container_agent::test {

/// The tracer of a test, and what a test asks of it.
class message_trace {
public:
  using clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit message_trace(clock now, message_hook* next = nullptr);

  /// What was handled so far, in order: "pipe_input > conversation:
  /// host_line". Directories and questions of health are left out. `type`:
  /// only messages of it.
  std::vector<std::string> said(const std::string& type = "") const;

  /// The same, of one prompt's trace.
  std::vector<std::string> said_of(const std::string& uuid) const;

  /// The chain of causes that led to the last message of this type, from the
  /// first one on.
  std::vector<std::string> led_to(const std::string& type) const;

  /// The last messages for people, a line each: time, who to whom, what.
  std::string story() const;

  /// Messages and whatever else the ring holds, sorted by number.
  std::vector<runtime::trace_event> all() const;

  mutable runtime::tracer events; ///< asking makes events of its notes
};

} // namespace container_agent::test
