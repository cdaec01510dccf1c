#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/run_context.hpp"

#include <map>
#include <set>
#include <string>

namespace container_agent::simulation {

/// Time of day: the run's virtual time, and what somebody sets the clock to, at
/// any moment, forwards or backwards.
class simulated_wall_clock final : public wall_clock {
public:
  explicit simulated_wall_clock(const run_context& run) : run_{run} {}

  void jump(std::chrono::hours by) { jumped_ += by; }

  std::chrono::system_clock::time_point now() const override {
    return std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}
           + run_.calendar.now() + jumped_;
  }

private:
  const run_context& run_;
  std::chrono::hours jumped_{0};
};

/// Chance, as the agent is given it.
class simulated_random final : public random_source {
public:
  explicit simulated_random(run_context& run)
    : run_{run}, dice_{run.dice.branch()} {}

  std::uint64_t next() override {
    run_.faults.at_port("random");
    return dice_.next();
  }

private:
  run_context& run_;
  chance dice_;
};

/// The agent's log: shown in the trace, and counted.
class agent_log final : public event_log {
public:
  explicit agent_log(run_context& run) : run_{run} {}

  /// How often an event was logged.
  std::uint64_t count(const std::string& event) const;

  /// Whether this actor, which may be the supervisor, was given up for good, or
  /// with an empty name any.
  bool gave_up(std::string_view actor = {}) const;

  /// Whether this actor is not started again until somebody wants it.
  bool waits_for(const std::string& actor) const {
    return awaited_.contains(actor);
  }

  bool enabled(log_level) const override { return true; }
  void write(log_level level, std::string_view logger, std::string_view event,
             std::initializer_list<log_field> fields) override;

private:
  run_context& run_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::set<std::string, std::less<>> given_up_;
  std::set<std::string> awaited_; // given up until somebody wants them
};

} // namespace container_agent::simulation
