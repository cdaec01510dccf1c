#pragma once

#include "actors/bridge.hpp"
#include "actors/ports.hpp"
#include "test/simulation/lifeline.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace container_agent::simulation {

class simulated_host_sink;
class simulated_log;
class simulated_source;
struct run_plan;

/// What an agent is given by its company.
struct agent_ports {
  byte_source& input;
  host_sink& output;
  child_process& child;
  bridge& protocol;
};

/// An agent that is about to be.
struct newcomer {
  actor_context context;
  const simulated_log& log;
  lifeline& life;
};

/// Whom an agent has to do with, in one of its modes: the host, the child, and
/// a judge who sees what passes between them.
class company {
public:
  virtual ~company() = default;

  /// What the next agent is given: the first, or one after the other if they
  /// may die (`--keep-claude`).
  virtual agent_ports next_agent(const newcomer& agent) = 0;

  /// An agent has ended and leaves Claude to the next one.
  virtual void agent_leaves() {}

  /// The host begins to write and to read.
  virtual void begin() = 0;

  /// From now on the host reads, and children have no faults.
  virtual void behave() = 0;

  /// What is still to be done between them, in words; empty if nothing.
  virtual std::string unrest() const = 0;

  /// Nothing will happen any more, and the agent is not to blame.
  virtual bool stuck() const = 0;

  /// The host reads all there is. Returns what it is still owed, in words:
  /// everything after a run that `came_to_rest`.
  virtual std::string owed_at_end(bool came_to_rest) = 0;

  virtual std::uint64_t prompts() const = 0;
  virtual std::uint64_t launches() const = 0;
};

/// What a company is made of, beside its own plan.
struct surroundings {
  run_context& run;
  simulated_source& input;
  simulated_host_sink& output;
  const run_plan& plan;
};

/// Prompts and answers: a host, and a Claude Code.
std::unique_ptr<company> stream_json_company(const surroundings& given);

/// The same, but Claude outlives the agents: `--keep-claude`.
std::unique_ptr<company> keeping_company(const surroundings& given);

/// Bytes: `--mode raw`.
std::unique_ptr<company> raw_company(const surroundings& given);

} // namespace container_agent::simulation
