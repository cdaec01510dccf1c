#pragma once

#include "test/simulation/agent_life.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The simulation of the whole agent: all its actors (actors/agent_tree.hpp)
/// under a seeded scheduler, in virtual time, over simulated pipes, with a
/// simulated Claude Code and a simulated host. A seed is a run: it determines
/// everything that happens in it, to the byte.
///
/// - chance, agenda: chance and time
/// - scheduler: decides what happens next
/// - run_plan: what a seed draws before the run
/// - faults: where exceptions and kills strike; lifeline: where an agent dies
/// - pipe, simulated_log: what outlives an agent; log_ports, small_ports: the
///   ports that its actors are given; child_house: what stands around the child
/// - company: host, child, logs and judge of a mode
/// - stream_json_company: simulated_host, which writes prompts and reads the
///   output; claude_life, a process of Claude's, of which claude_turns is what
///   it says; judge and its ledgers: what must be true, seen from outside
/// - raw_company: a host of bytes; filter_life, a process that writes what it
///   reads; byte_ledger
/// - child_life, host_ends: what both have in common
/// - simulated_control: clients of the control socket
/// - agent_life: one agent
/// - world: puts it all together; what must be true inside
/// - simulation_main: runs many seeds, shows and replays one that fails
///
/// docs/simulation.md says how to run it and what is injected.
namespace container_agent::simulation {

/// What came of a run.
struct outcome {
  std::optional<std::string> violation;
  std::uint64_t steps = 0;
  time_span time{0};
  std::uint64_t prompts = 0;
  std::uint64_t launches = 0;
  std::uint64_t faults = 0;
  bool came_to_rest = false; ///< else it was shut down in the middle
  std::int32_t exit_code = 0;
};

using trace_receiver = std::function<void(const std::string& line)>;

/// Runs a seed: another run in each mode. `trace` is told everything that
/// happens.
outcome run_seed(std::uint64_t seed, trace_receiver trace = {},
                 message_watch* watch = nullptr,
                 run_mode mode = run_mode::claude);

/// One run. Use `run_seed`.
class world {
public:
  world(chance dice, run_plan plan, trace_receiver trace, message_watch* watch);
  ~world();

  outcome run();

private:
  void start();
  void next_agent();
  void end_agent(const agent_end& how);
  void look_at_agent();
  bool step();
  void schedule_events();
  void in_turmoil();
  void come_to_rest();
  void ask_again();
  void shut_down();
  void check_exit_code();
  void end();

  template <class Condition>
  bool run_until(time_span limit, Condition over);
  bool ended() const;
  bool stopping() const;
  bool at_rest() const;
  std::string unrest() const;
  bool output_waits() const;
  std::uint64_t host_position() const;
  std::int32_t expected_exit_code() const;
  time_span longest_shutdown() const;
  void check_bounds();
  void bound(const char* what, std::size_t size, std::size_t limit);

  agent_life& agent() { return *agents_.back(); }
  const agent_life& agent() const { return *agents_.back(); }

  /// An assertion of the agent's that fails is a violation. It ends the run,
  /// but not the program, which has other seeds to run.
  struct assertion_watch {
    explicit assertion_watch(run_context& run);
    ~assertion_watch();
  };

  run_plan plan_;
  run_context run_;
  assertion_watch assertions_{run_};
  simulated_wall_clock clock_;
  simulated_random random_;

  std::unique_ptr<company> company_;
  simulated_control clients_;
  message_watch* watch_;
  chance dice_;

  // One after the other. Old ones stay: there may still be something to do for
  // their ports.
  std::vector<std::unique_ptr<agent_life>> agents_;
  std::uint64_t steps_ = 0;
  bool rested_ = false;
  bool absent_ = false;  // there is no agent, the next one will come
  bool all_end_ = false; // … with the one that is about to die
  bool turmoil_ = true;
};

} // namespace container_agent::simulation
