#include "actors/supervisor.hpp"

#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace container_agent {

supervisor::supervisor(caf::actor_config& config, supervisor_config settings,
                       actor_context context)
  : supervisor_actor::base{config},
    config_{std::move(settings)},
    context_{context} {
  for (auto& spec : config_.children)
    children_.push_back({spec, restart_policy{spec.policy}, {}});
}

supervisor_actor::behavior_type supervisor::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) { take_down(down); });
  directory_.supervisor = supervisor_actor{this};
  start_all();
  return {
    [this](const restart_child& r) {
      auto i = std::find_if(children_.begin(), children_.end(),
                            [&](auto& c) { return c.spec.name == r.name; });
      if (i == children_.end() || exit_code_ || i->address)
        return;
      if (!start(*i))
        return;
      introduce_all();
      // The one before may have died with the order unread in its mailbox.
      if (shutdown_ && r.name == "shutdown_coordinator")
        send(directory_.shutdown_coordinator, *shutdown_);
    },
    [this](const begin_shutdown& why) { shut_down(why); },
    [this](const stop_agent& stop) {
      if (exit_code_)
        return;
      exit_code_ = stop.exit_code;
      stop_next();
    },
    [this](const get_supervisor_status&) {
      supervisor_status status;
      status.restarts = restarts_;
      for (auto& c : children_)
        status.restarts_in_window = std::max<std::uint64_t>(
          status.restarts_in_window, c.policy.recent(clock().now()));
      return status;
    },
  };
}

void supervisor::on_exit() {
  directory_ = peers_changed{};
}

void supervisor::start_all() {
  for (auto& c : children_)
    start(c);
  introduce_all();
}

// A constructor that throws is a failure of the child, not of the supervisor.
bool supervisor::start(child& c) {
  try {
    c.address = c.spec.start(this, directory_);
    context_.log.write(log_level::debug, name(), "actor_started",
                       {{"actor", c.spec.name}});
    return true;
  } catch (const std::exception& e) {
    take_failure(
      c, caf::make_error(caf::sec::runtime_error, std::string{e.what()}));
    return false;
  }
}

void supervisor::introduce_all() {
  auto introduce = [this](const auto& handle) {
    if (handle)
      send(handle, directory_);
  };
  introduce(directory_.pipe_output);
  introduce(directory_.health_monitor);
  introduce(directory_.shutdown_coordinator);
  introduce(directory_.conversation);
  introduce(directory_.claude_process);
  introduce(directory_.pipe_input);
}

void supervisor::shut_down(begin_shutdown why) {
  if (!shutdown_)
    shutdown_ = begin_shutdown{why.reason, why.exit_code, false};
  if (directory_.shutdown_coordinator)
    send(directory_.shutdown_coordinator, std::move(why));
}

void supervisor::take_down(const caf::down_msg& down) {
  auto* c = find(down.source);
  if (c == nullptr)
    return;
  c->address = {};
  c->spec.clear(directory_);
  if (exit_code_)
    return stop_next();
  if (!down.reason && c->spec.type == restart_type::transient) {
    context_.log.write(log_level::info, name(), "actor_ended",
                       {{"actor", c->spec.name}});
    return introduce_all();
  }
  take_failure(*c, down.reason);
}

void supervisor::take_failure(child& c, const caf::error& reason) {
  auto why = describe(reason);
  auto plan = c.policy.next(clock().now(), context_.random.next());
  if (!plan)
    return give_up(c, why);
  ++restarts_;
  context_.log.write(log_level::warn, name(), "restart_scheduled",
                     {{"actor", c.spec.name},
                      {"attempt", plan->attempt},
                      {"delay_ms", std::int64_t{plan->delay.count()}},
                      {"reason", why}});
  if (directory_.conversation && c.spec.name == "claude_process")
    send(directory_.conversation,
         restart_scheduled{c.spec.name, plan->attempt, plan->delay, why});
  introduce_all();
  // The steps of a shutdown have little time, and need everybody.
  auto delay = shutdown_ ? std::chrono::milliseconds{0} : plan->delay;
  delayed_send(this, delay, restart_child{c.spec.name});
}

void supervisor::give_up(child& c, const std::string& reason) {
  context_.log.write(log_level::error, name(), "gave_up",
                     {{"actor", c.spec.name},
                      {"restarts", c.spec.policy.max_restarts},
                      {"reason", reason}});
  auto code = static_cast<std::int32_t>(c.spec.gave_up);
  introduce_all();
  if (directory_.conversation)
    send(directory_.conversation, restarts_exhausted{c.spec.name, reason});
  if (c.spec.name == "shutdown_coordinator")
    return send(this, stop_agent{code}); // nobody is left to do it in order
  shut_down({"gave up restarting " + c.spec.name + ": " + reason, code, false});
}

// Children stop in reverse order, each after the one before it has ended.
void supervisor::stop_next() {
  auto i = std::find_if(children_.rbegin(), children_.rend(),
                        [](const child& c) { return c.address != nullptr; });
  if (i != children_.rend())
    return caf::anon_send_exit(i->address, caf::exit_reason::user_shutdown);
  auto stopped = std::exchange(config_.on_stopped, nullptr);
  auto code = *exit_code_;
  quit();
  if (stopped)
    stopped(code);
}

supervisor::child* supervisor::find(const caf::actor_addr& address) {
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child& c) { return c.address == address; });
  return i == children_.end() ? nullptr : &*i;
}

} // namespace container_agent
