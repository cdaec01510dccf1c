#include "actors/shutdown/shutdown_coordinator.hpp"

#include "messages/type_ids.hpp"

#include <csignal>
#include <utility>

namespace container_agent {

shutdown_coordinator::shutdown_coordinator(caf::actor_config& config,
                                           shutdown_progress& progress,
                                           actor_context context)
  : agent_actor{config, context}, progress_{progress} {}

shutdown_coordinator::behavior_type shutdown_coordinator::make_behavior() {
  using event = drain_plan::event;
  return {
    [this](const begin_shutdown& why) { begin(why); },
    [this](const turn_drained&) { advance(event::drained); },
    [this](const child_gone&) { advance(event::child_gone); },
    [this](const output_flushed&) { advance(event::flushed); },
    [this](const deadline_passed& deadline) {
      if (deadline.id != deadline_)
        return;
      if (progress_.plan.now() == drain_plan::phase::flushing)
        await_reader(true);
      else
        advance(event::time_up);
    },
    [this](const get_shutdown_status&) {
      return shutdown_status{to_string(progress_.plan.now())};
    },
    [this](const peers_changed& now) {
      auto first = !peers().supervisor;
      meet(now);
      // The orders may have been lost with an actor that was replaced, the
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
    progress_.began = clock().now();
    progress_.reason = why.reason;
    progress_.exit_code = why.exit_code;
    auto gives_up = why.exit_code != 0 && progress_.leaves_claude;
    progress_.keep_claude = why.keep_claude || gives_up;
    if (gives_up)
      progress_.input_goes_on = progress_.input_goes_on.value_or(true);
  }
  context_.log.write(log_level::info, name(), "shutdown_requested",
                     {{"reason", why.reason},
                      {"exit_code", why.exit_code},
                      {"keep_claude", progress_.keep_claude}});
  using event = drain_plan::event;
  advance(progress_.keep_claude ? event::leave : event::begin);
}

void shutdown_coordinator::advance(drain_plan::event event) {
  auto before = to_string(progress_.plan.now());
  if (!progress_.plan.apply(event))
    return;
  context_.log.write(
    log_level::info, name(), "phase_changed",
    {{"from", before}, {"to", to_string(progress_.plan.now())}});
  enter_phase();
}

void shutdown_coordinator::enter_phase() {
  set_deadline();
  give_orders();
  if (progress_.plan.now() == drain_plan::phase::flushing)
    await_reader(false);
}

void shutdown_coordinator::set_deadline() {
  ++deadline_;
  if (progress_.plan.now() != drain_plan::phase::stopped)
    delayed_send(this, progress_.plan.timeout(), deadline_passed{deadline_});
}

// A host that reads slowly still reads, so it gets the time that the earlier
// steps have not used.
void shutdown_coordinator::await_reader(bool time_is_up) {
  auto give_up = [this] { advance(drain_plan::event::time_up); };
  if (!peers().pipe_output) {
    if (time_is_up)
      give_up();
    return;
  }
  request(peers().pipe_output, caf::infinite, get_output_status{})
    .then(
      [this, time_is_up, give_up](const output_status& output) {
        auto reads
          = output.read_bytes > std::exchange(read_, output.read_bytes);
        if (progress_.plan.now() != drain_plan::phase::flushing || !time_is_up)
          return;
        auto over = clock().now() - progress_.began >= progress_.plan.total();
        reads && !over ? set_deadline() : give_up();
      },
      [this, time_is_up, give_up](const caf::error&) {
        if (time_is_up && progress_.plan.now() == drain_plan::phase::flushing)
          give_up();
      });
}

void shutdown_coordinator::give_orders() {
  using phase = drain_plan::phase;
  switch (progress_.plan.now()) {
    case phase::running: break;
    case phase::draining:
      if (progress_.stop_input_first)
        tell(peers().pipe_input,
             stop_input{progress_.input_goes_on.value_or(false)});
      tell(peers().conversation, begin_drain{progress_.reason});
      break;
    case phase::interrupting:
      tell(peers().conversation, begin_drain{progress_.reason});
      tell(peers().conversation, interrupt_turn{});
      break;
    case phase::closing:
      tell(peers().pipe_input,
           stop_input{progress_.input_goes_on.value_or(false)});
      tell(peers().claude_process, close_child_input{});
      break;
    case phase::terminating:
      tell(peers().claude_process, signal_child{SIGTERM});
      break;
    case phase::killing:
      tell(peers().claude_process, signal_child{SIGKILL});
      break;
    case phase::flushing:
      tell(peers().pipe_input,
           stop_input{progress_.input_goes_on.value_or(false)});
      tell(peers().conversation, flush_output{progress_.keep_claude});
      break;
    case phase::stopped:
      tell(peers().supervisor, stop_agent{progress_.exit_code});
      break;
  }
}

} // namespace container_agent
