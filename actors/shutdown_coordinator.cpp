#include "actors/shutdown_coordinator.hpp"

#include "messages/type_ids.hpp"

#include <csignal>

namespace container_agent {

shutdown_coordinator::shutdown_coordinator(caf::actor_config& config,
                                           shutdown_progress& progress,
                                           actor_context context)
  : agent_actor{config, context}, progress_{progress} {}

shutdown_coordinator::behavior_type shutdown_coordinator::make_behavior() {
  using event = drain_plan::event;
  return {
    [this](const begin_shutdown& why) { begin(why); },
    [this](const turn_drained&) { take(event::drained); },
    [this](const child_gone&) { take(event::child_gone); },
    [this](const output_flushed&) { take(event::flushed); },
    [this](const deadline_passed& deadline) {
      if (deadline.id == deadline_)
        take(event::time_up);
    },
    [this](const get_shutdown_status&) {
      return shutdown_status{to_string(progress_.plan.now())};
    },
    [this](const peers_changed& now) {
      auto first = !peers().supervisor;
      meet(now);
      // Orders may have been lost with an actor that was replaced, and the
      // deadline with an earlier coordinator.
      if (progress_.plan.now() == drain_plan::phase::running)
        return;
      first ? enter_phase() : give_orders();
    },
  };
}

void shutdown_coordinator::begin(const begin_shutdown& why) {
  auto first = progress_.plan.now() == drain_plan::phase::running;
  if (!first && !why.urgent)
    return;
  if (first) {
    progress_.reason = why.reason;
    progress_.exit_code = why.exit_code;
    progress_.keep_claude = why.keep_claude;
  }
  context_.log.write(log_level::info, name(), "shutdown_requested",
                     {{"reason", why.reason},
                      {"exit_code", why.exit_code},
                      {"keep_claude", why.keep_claude}});
  using event = drain_plan::event;
  take(why.keep_claude ? event::leave : event::begin);
}

void shutdown_coordinator::take(drain_plan::event event) {
  auto before = to_string(progress_.plan.now());
  if (!progress_.plan.take(event))
    return;
  context_.log.write(
    log_level::info, name(), "phase_changed",
    {{"from", before}, {"to", to_string(progress_.plan.now())}});
  enter_phase();
}

void shutdown_coordinator::enter_phase() {
  auto timeout = progress_.plan.timeout();
  ++deadline_;
  if (progress_.plan.now() != drain_plan::phase::stopped)
    delayed_send(this, timeout, deadline_passed{deadline_});
  give_orders();
}

void shutdown_coordinator::give_orders() {
  using phase = drain_plan::phase;
  switch (progress_.plan.now()) {
    case phase::running: break;
    case phase::draining:
      if (progress_.stop_input_first)
        tell(peers().pipe_input, stop_input{});
      tell(peers().conversation, begin_drain{progress_.reason});
      break;
    case phase::interrupting:
      tell(peers().conversation, begin_drain{progress_.reason});
      tell(peers().conversation, interrupt_turn{});
      break;
    case phase::closing:
      tell(peers().pipe_input, stop_input{});
      tell(peers().claude_process, close_child_input{});
      break;
    case phase::terminating:
      tell(peers().claude_process, signal_child{SIGTERM});
      break;
    case phase::killing:
      tell(peers().claude_process, signal_child{SIGKILL});
      break;
    case phase::flushing:
      tell(peers().pipe_input, stop_input{});
      tell(peers().conversation, flush_output{progress_.keep_claude});
      break;
    case phase::stopped:
      tell(peers().supervisor, stop_agent{progress_.exit_code});
      break;
  }
}

} // namespace container_agent
