#pragma once

#include "test/simulation/company.hpp"
#include "test/simulation/lifeline.hpp"
#include "test/simulation/run_plan.hpp"
#include "test/simulation/scheduler.hpp"
#include "test/simulation/simulated_control.hpp"
#include "test/simulation/small_ports.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstdint>
#include <optional>

namespace container_agent::simulation {

/// For tests of tracing: who sees all messages, and how many the scheduler has
/// handed to actors.
struct message_watch {
  message_hook& hook;
  handed_over messages{};
};

/// What agents are given that all share.
struct agent_surroundings {
  run_context& run;
  const run_plan& plan;
  company& around;
  simulated_wall_clock& clock;
  simulated_random& random;
  simulated_control& clients;
  message_watch* watch = nullptr;
};

/// One agent, from its start to its end: all its actors, and what is lent to
/// them.
class agent_life {
public:
  explicit agent_life(const agent_surroundings& given);
  ~agent_life();

  void start();

  /// `goes_on`: the conversation is the next agent's, and with `--keep-claude`
  /// Claude, too.
  void shut_down(bool goes_on);

  /// Ends all actors at once. They can't do anything outside any more.
  void kill();

  /// It has ended, and the conversation is the next one's.
  bool leaves() const;

  /// It ends for good: no other one comes.
  bool stopping() const {
    return (signalled && !leaving)
           || (log.gave_up() && !progress.leaves_claude);
  }

  std::size_t actors() { return system_.registry().running(); }

  lifeline life;
  agent_log log;

private:
  actor_context context_;
  const run_plan& plan_;
  run_context& run_;
  simulated_control& clients_;

public:
  agent_ports ports;
  pipe_input_resources input;
  child_link link;
  pipe_output_resources output;
  shutdown_progress progress;
  std::optional<std::int32_t> exit_code;
  bool signalled = false;
  bool leaving
    = false; // it was told to leave all to the next one, first of all

  // Before the system, in which actors may still look at it at its very end.
  std::optional<supervision> family;

private:
  struct actor_settings : caf::actor_system_config {
    explicit actor_settings(run_context& run);
  };

  actor_settings settings_;
  caf::actor_system system_;

public:
  seeded_scheduler& scheduler;
};

} // namespace container_agent::simulation
