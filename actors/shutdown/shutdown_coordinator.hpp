#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"
#include "actors/shutdown/drain_plan.hpp"

#include <optional>
#include <string>

namespace container_agent {

/// What outlives the actor: the progress of the shutdown.
struct shutdown_progress {
  explicit shutdown_progress(drain_timeouts timeouts) : plan{timeouts} {}

  drain_plan plan;

  /// Raw mode has no prompts to refuse, so reading stops at once; what was read
  /// still reaches the child.
  bool stop_input_first = false;

  /// Whether the next agent continues with the input that was not dealt with.
  /// Set by the first signal, or when the agent gives up.
  std::optional<bool> input_goes_on;

  /// An agent that gives up leaves Claude and all unfinished prompts to the
  /// next one, as if it had crashed.
  bool leaves_claude = false;

  std::string reason;
  std::int32_t exit_code = 0;
  caf::actor_clock::time_point began{};
  bool keep_claude = false; ///< only the agent ends, Claude stays
};

/// Owns:          the order of the shutdown (see the table in drain_plan.hpp)
/// Receives from: signals, supervisor, conversation, pipe_output
/// Sends to:      pipe_input, conversation, claude_process, supervisor
/// Dies when:     never by itself; the next one enters the same phase again
class shutdown_coordinator : public agent_actor<shutdown_coordinator_actor> {
public:
  shutdown_coordinator(caf::actor_config& config, shutdown_progress& progress,
                       actor_context context);

  const char* name() const override { return "shutdown_coordinator"; }

protected:
  behavior_type make_behavior() override;

private:
  void begin(const begin_shutdown& why);
  void advance(drain_plan::event event);
  void enter_phase();
  void give_orders();
  void await_reader(bool time_is_up);
  void set_deadline();

  shutdown_progress& progress_;
  std::uint64_t deadline_ = 0;
  std::uint64_t read_ = 0; // by the host, at the last look
};

} // namespace container_agent
