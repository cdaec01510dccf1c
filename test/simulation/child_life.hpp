#pragma once

#include "test/simulation/byte_ports.hpp"
#include "test/simulation/claude_plan.hpp"

namespace container_agent::simulation {

/// One process of a simulated child, from its start to its end: its pipes, and
/// what its fate does to it. What it reads and says is up to who derives.
class child_life {
public:
  child_life(run_context& run, const claude_plan& plan);
  virtual ~child_life() = default;

  child_life(const child_life&) = delete;
  child_life& operator=(const child_life&) = delete;

  simulated_sink input;
  simulated_source output;
  simulated_source errors;

  /// Called when it has died, and again when the kernel has told.
  agenda::event on_reaped;

  void signal(int number);

  bool running() const { return !reaped_; }
  child_exit status() const { return status_; }

protected:
  bool reaped() const { return reaped_; }

  /// It dies: its pipes are still open.
  virtual void dying() = 0;

  /// It closes its stdin and lives on.
  virtual void closing_input() = 0;

  void die(child_exit end);
  void later(time_span longest, agenda::event what);

  run_context& run_;
  chance dice_;
  claude_plan plan_;
  claude_fate fate_;
  bool dead_ = false;
  bool input_closed_ = false; // by itself

private:
  bool reaped_ = false;
  child_exit status_;
};

} // namespace container_agent::simulation
