#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/claude_plan.hpp"
#include "test/simulation/pipe.hpp"

namespace container_agent::simulation {

/// A child's ends of its three pipes.
struct child_pipes {
  pipe& input;
  pipe& output;
  pipe& errors;
};

/// One process of a simulated child, from its start to its end, and what its
/// fate does to it. What it reads and says is up to who derives.
class child_life {
public:
  child_life(run_context& run, const claude_plan& plan, child_pipes pipes);
  virtual ~child_life() = default;

  child_life(const child_life&) = delete;
  child_life& operator=(const child_life&) = delete;

  /// Called when it has died, and again when the kernel has told.
  agenda::event on_reaped;

  void signal(int number);

  /// It is ended with everything around it, and nobody is told.
  void vanish();

  bool running() const { return !reaped_; }
  child_exit status() const { return status_; }

  /// Turns that begin from now on do not stall.
  virtual void behave() {}

protected:
  bool reaped() const { return reaped_; }

  /// It dies: its pipes are still open.
  virtual void dying() = 0;

  /// It closes its stdin and lives on.
  virtual void closing_input() = 0;

  /// It gets SIGINT.
  virtual void asked_to_stop() {}

  /// It gets SIGTERM, and will die soon.
  virtual void told_to_terminate() {}

  void die(child_exit end);
  void later(time_span longest, agenda::event what);

  child_pipes pipes_;
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
