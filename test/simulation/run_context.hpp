#pragma once

#include "test/simulation/agenda.hpp"
#include "test/simulation/chance.hpp"
#include "test/simulation/faults.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// What all parts of a run share.
struct run_context {
  run_context(std::uint64_t seed, fault_plan plan)
    : dice{seed}, faults{plan, dice.branch()} {}

  chance dice;
  agenda calendar;
  fault_injector faults;

  /// When the agent was first told to end for good.
  std::optional<time_span> ends_since;

  /// It has no time for an end in order: it was told so again, or a part of it
  /// was given up.
  bool hurried = false;

  /// Nothing more can be written to a log.
  bool disk_full = false;

  /// The agent that is there has begun to end, for good or for the next one.
  bool closing = false;

  void told_to_end() {
    hurried = hurried || ends_since;
    ends_since = ends_since.value_or(calendar.now());
  }

  /// Receives what happens, a line each; empty by default.
  std::function<void(const std::string&)> trace;

  /// The first violation there was: the run ends with it.
  std::optional<std::string> violation;

  void violate(std::string what) {
    tell("violation", [&] { return what; });
    if (!violation)
      violation = std::move(what);
  }

  /// Tells what `text()` returns, which is made only if somebody listens.
  template <class Text>
  void tell(std::string_view who, Text&& text) {
    if (trace)
      trace(stamp() + std::string{who} + ": " + text());
  }

private:
  std::string stamp() const {
    auto time = std::to_string(calendar.now().count());
    return (time.size() < 10 ? std::string(10 - time.size(), ' ') : "") + time
           + " us  ";
  }
};

} // namespace container_agent::simulation
