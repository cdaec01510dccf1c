#include "actors/supervision/supervision.hpp"

#include "actors/supervision/supervisor.hpp"
#include "messages/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace container_agent {

supervision::supervision(supervision_config config, actor_context c)
  : context{c}, config_{std::move(config)}, policy_{config_.policy} {
  for (auto& spec : std::exchange(config_.children, {}))
    children.push_back({spec, restart_policy{spec.policy}, {}, {}, {}, {}});
}

void supervision::start(caf::actor_system& system) {
  root_ = system.spawn<supervisor>(*this);
  root_->attach_functor([this, &system](const caf::error& reason) {
    if (!over_)
      take_end(system, reason);
  });
  if (ordered_ && !shutdown)
    caf::anon_send(root_, *ordered_);
}

void supervision::shut_down(begin_shutdown why) {
  if (!ordered_)
    ordered_ = why;
  caf::anon_send(root_, std::move(why));
}

void supervision::abandon() {
  over_ = true;
  // Once `code` is set, a supervisor that still runs starts no child any more.
  if (!code)
    code = static_cast<std::int32_t>(exit_code::internal_error);
  wish.reset();
  root_ = nullptr;
  directory = {};
}

supervision::child* supervision::find(const std::string& name) {
  auto i = std::find_if(children.begin(), children.end(),
                        [&](const child& c) { return c.spec.name == name; });
  return i == children.end() ? nullptr : &*i;
}

supervision::child* supervision::find(const caf::actor_addr& address) {
  auto i = std::find_if(children.begin(), children.end(),
                        [&](const child& c) { return c.address == address; });
  return i == children.end() ? nullptr : &*i;
}

void supervision::count_restart(const std::string& child,
                                const caf::error& reason) {
  auto kind = kind_of(reason);
  auto i = std::find_if(restarts.begin(), restarts.end(), [&](const auto& r) {
    return r.child == child && r.reason == kind;
  });
  if (i == restarts.end())
    i = restarts.insert(restarts.end(), {child, kind, 0});
  ++i->count;
}

void supervision::stopped(std::int32_t exit) {
  abandon();
  if (auto tell = std::exchange(config_.on_stopped, nullptr))
    tell(exit);
}

// Called last by the supervisor, for whatever reason it ends.
void supervision::take_end(caf::actor_system& system,
                           const caf::error& reason) {
  auto why = describe(reason);
  if (gave_up)
    return kill_all();
  if (policy_.next(system.scheduler().clock().now(), 0)) {
    context.log.write(log_level::error, "supervisor", "supervisor_failed",
                      {{"reason", why}});
    count_restart("supervisor", reason);
    return start(system);
  }
  context.log.write(
    log_level::error, "supervisor", "supervisor_gave_up",
    {{"restarts", config_.policy.max_restarts}, {"reason", why}});
  if (!shutdown)
    shutdown = begin_shutdown{
      "gave up restarting supervisor: " + why,
      static_cast<std::int32_t>(exit_code::internal_error), false};
  gave_up = std::move(why);
  start(system);
}

void supervision::kill_all() {
  for (const auto& c : children)
    if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(c.address))
      caf::anon_send_exit(actor, caf::exit_reason::kill);
  stopped(static_cast<std::int32_t>(exit_code::internal_error));
}

} // namespace container_agent
