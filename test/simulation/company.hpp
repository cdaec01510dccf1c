#pragma once

#include "actors/core/ports.hpp"
#include "actors/session/session.hpp"
#include "test/simulation/lifeline.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::simulation {

struct run_plan;

/// What an agent is given by its company.
struct agent_ports {
  inlet& input;
  stream_log& input_log;
  host_outlet& output;
  child_process& child;
  stream_log& events;
  session& protocol;
};

/// An agent that is about to be.
struct newcomer {
  actor_context context;
  lifeline& life;
};

/// Whom an agent has to do with, in one of its modes: the host, the child, the
/// logs, and a judge who sees what passes between them. They outlive it.
class company {
public:
  virtual ~company() = default;

  /// What the next agent is given: the first, or one after the other if they
  /// may die.
  virtual agent_ports next_agent(const newcomer& agent) = 0;

  /// An agent has left in order, for the next one. And what was around it has
  /// ended with the last one.
  virtual void agent_leaves() {}
  virtual void all_end() {}

  /// The host begins to write and to read.
  virtual void begin() = 0;

  /// From now on the host reads, and children have no faults.
  virtual void behave() = 0;

  /// What the agent lists as open requests of Claude's, and what it says in a
  /// status document.
  virtual void requests_listed(const std::vector<std::string>& /*ids*/) {}
  virtual void status_said(std::string_view /*document*/) {}

  /// Nothing happens at the moment: what must be true then.
  virtual void look_while_idle() {}

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

/// Prompts and answers: a host, and a Claude Code.
std::unique_ptr<company> stream_json_company(run_context& run,
                                             const run_plan& plan);

/// Bytes: `--mode raw`.
std::unique_ptr<company> raw_company(run_context& run, const run_plan& plan);

} // namespace container_agent::simulation
