#include "actors/supervision/supervisor.hpp"

#include "messages/agent_assert.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace container_agent {

namespace {

// If only the actor has failed, the child lives and the next actor adopts it.
bool is_end_of_child(const caf::error& reason) {
  return !reason || is(reason, agent_error::child_ended)
         || is(reason, agent_error::child_renewed);
}

} // namespace

supervisor::supervisor(caf::actor_config& config, supervision& lent)
  : agent_actor{config, lent.context}, lent_{lent} {}

supervisor::behavior_type supervisor::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) { take_down(down); });
  start_all();
  return {
    [this](const restart_child& r) { restart(r); },
    [this](const restart_claude& wish) -> caf::result<void> {
      if (auto why = refusal(); !why.empty())
        return refuse(wish, why);
      restart_on_request(wish);
      return caf::unit;
    },
    [this](const begin_shutdown& why) { shut_down(why); },
    [this](const stop_agent& stop) {
      if (lent_.code)
        return;
      lent_.code = stop.exit_code;
      stop_next();
    },
    [this](const get_supervisor_status&) { return status(); },
  };
}

// -- starting -----------------------------------------------------------------

// The first supervisor starts all children; each further one takes over what
// the one before has left.
void supervisor::start_all() {
  using state = child::state;
  if (!lent_.code)
    lent_.directory.supervisor = supervisor_actor{this};
  for (auto& c : lent_.children) {
    if (c.now == state::stopped && !lent_.code)
      start(c);
    else if (c.now == state::waiting)
      remind_of(c);
    else if (auto runs = caf::actor_cast<caf::strong_actor_ptr>(c.address))
      monitor(runs); // reports at once if it has ended meanwhile
  }
  if (lent_.code)
    return stop_next();
  introduce_all();
  if (lent_.gave_up)
    return end_alone(static_cast<std::int32_t>(exit_code::internal_error));
  auto* coordinator = lent_.find("shutdown_coordinator");
  if (coordinator && coordinator->now == state::given_up)
    end_alone(static_cast<std::int32_t>(coordinator->spec.gave_up));
  if (lent_.shutdown && lent_.directory.shutdown_coordinator)
    send(lent_.directory.shutdown_coordinator, *lent_.shutdown);
}

// A constructor that throws is a failure of the child, not of the supervisor.
bool supervisor::start(child& c) {
  AGENT_ASSERT(c.address == nullptr && !lent_.code);
  try {
    c.address = c.spec.start(this, lent_.directory);
    c.now = child::state::running;
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
  const auto& all = lent_.directory;
  auto introduce = [&](const auto& handle) {
    if (handle)
      send(handle, all);
  };
  introduce(all.pipe_output);
  introduce(all.health_monitor);
  introduce(all.shutdown_coordinator);
  introduce(all.control);
  introduce(all.conversation);
  introduce(all.claude_process);
  introduce(all.pipe_input);
  // A conversation may have died before it read these.
  for (const auto& c : lent_.children)
    if (c.now == child::state::given_up && all.conversation)
      send(all.conversation,
           restarts_exhausted{c.spec.name, c.reason,
                              c.spec.on_give_up == give_up_action::wait});
  if (lent_.gave_up && all.conversation)
    send(all.conversation, restarts_exhausted{name(), *lent_.gave_up, false});
  if (lent_.wish && all.conversation)
    send(all.conversation, *lent_.wish);
}

// -- restarts -----------------------------------------------------------------

void supervisor::restart(const restart_child& r) {
  auto* c = lent_.find(r.name);
  if (c == nullptr || lent_.code || c->now != child::state::waiting
      || clock().now() < c->due)
    return; // the plan has changed since this was sent
  if (!start(*c))
    return;
  introduce_all();
  // The coordinator before may have died before it read the order.
  if (lent_.shutdown && r.name == "shutdown_coordinator")
    send(lent_.directory.shutdown_coordinator, *lent_.shutdown);
}

std::string supervisor::refusal() {
  auto* c = lent_.find("claude_process");
  if (c == nullptr || lent_.code || lent_.shutdown)
    return "the agent is stopping";
  return c->spec.not_renewed ? c->spec.not_renewed() : "";
}

caf::error supervisor::refuse(const restart_claude& wish,
                              const std::string& why) {
  context_.log.write(log_level::warn, name(), "restart_refused",
                     {{"wanted", wish.reason}, {"reason", why}});
  return make_error(agent_error::refused, why);
}

void supervisor::restart_on_request(const restart_claude& wish) {
  auto* c = lent_.find("claude_process");
  context_.log.write(log_level::info, name(), "restart_requested",
                     {{"reason", wish.reason}, {"at_once", wish.at_once}});
  using state = child::state;
  if (c->now == state::given_up || c->now == state::waiting) {
    c->policy.forget();
    c->now = state::waiting;
    c->due = clock().now();
    return restart({c->spec.name});
  }
  if (c->now != state::running)
    return;
  lent_.wish = wish;
  if (lent_.directory.conversation)
    send(lent_.directory.conversation, wish);
}

void supervisor::take_down(const caf::down_msg& down) {
  auto* c = lent_.find(down.source);
  if (c == nullptr)
    return;
  AGENT_ASSERT(c->now == child::state::running);
  // If planning the restart throws, the next supervisor restarts it at once.
  c->now = child::state::waiting;
  c->due = clock().now();
  c->address = {};
  c->spec.clear(lent_.directory);
  if (c->spec.name == "claude_process" && is_end_of_child(down.reason))
    lent_.wish.reset();
  if (lent_.code) {
    c->now = child::state::ended;
    return stop_next();
  }
  if (!down.reason && c->spec.type != restart_type::permanent)
    return take_peace(*c);
  take_failure(*c, down.reason);
}

void supervisor::take_peace(child& c) {
  c.now = child::state::ended;
  context_.log.write(log_level::info, name(), "actor_ended",
                     {{"actor", c.spec.name}});
  introduce_all();
  if (c.spec.type == restart_type::temporary && c.spec.ended_code)
    end_agent(c, c.spec.name + " ended", c.spec.ended_code());
}

void supervisor::take_failure(child& c, const caf::error& reason) {
  auto why = describe(reason);
  if (is(reason, agent_error::child_renewed)) {
    // A restart that somebody asked for is no failure.
    context_.log.write(log_level::info, name(), "restart_planned",
                       {{"actor", c.spec.name}, {"reason", why}});
    return start_later(c, {c.spec.name, 0, {}, why}, reason);
  }
  if (c.spec.type == restart_type::temporary) {
    context_.log.write(log_level::warn, name(), "actor_ended",
                       {{"actor", c.spec.name}, {"reason", why}});
    c.now = child::state::ended;
    introduce_all();
    // A child that never ran has no exit code of its own.
    if (c.spec.ended_code)
      give_up(c, why,
              is(reason, agent_error::launch_failed)
                ? static_cast<std::int32_t>(c.spec.gave_up)
                : c.spec.ended_code());
    return;
  }
  auto plan = c.policy.next(clock().now(), context_.random.next());
  if (!plan)
    return give_up(c, why, static_cast<std::int32_t>(c.spec.gave_up));
  context_.log.write(log_level::warn, name(), "restart_scheduled",
                     {{"actor", c.spec.name},
                      {"attempt", plan->attempt},
                      {"delay_ms", std::int64_t{plan->delay.count()}},
                      {"reason", why}});
  auto delay = lent_.shutdown ? std::chrono::milliseconds{0} : plan->delay;
  start_later(c, {c.spec.name, plan->attempt, delay, why}, reason);
}

void supervisor::start_later(child& c, restart_scheduled plan,
                             const caf::error& reason) {
  lent_.count_restart(c.spec.name, reason);
  c.now = child::state::waiting;
  c.due = clock().now() + plan.delay;
  remind_of(c);
  if (lent_.directory.conversation && c.spec.name == "claude_process")
    send(lent_.directory.conversation, std::move(plan));
  introduce_all();
}

void supervisor::remind_of(const child& c) {
  auto delay = c.due - clock().now();
  if (delay.count() > 0)
    delayed_send(this, delay, restart_child{c.spec.name});
  else
    send(this, restart_child{c.spec.name});
}

// -- the end ------------------------------------------------------------------

void supervisor::give_up(child& c, const std::string& reason,
                         std::int32_t code) {
  auto temporary = c.spec.type == restart_type::temporary;
  auto waits = !temporary && c.spec.on_give_up == give_up_action::wait;
  c.now = child::state::given_up;
  c.reason = reason;
  if (!temporary)
    context_.log.write(log_level::error, name(), "gave_up",
                       {{"actor", c.spec.name},
                        {"restarts", c.spec.policy.max_restarts},
                        {"waits", waits},
                        {"reason", reason}});
  introduce_all();
  if (!waits)
    end_agent(
      c, (temporary ? "" : "gave up restarting ") + c.spec.name + ": " + reason,
      code);
}

void supervisor::end_agent(const child& c, std::string reason,
                           std::int32_t code) {
  if (c.spec.name != "shutdown_coordinator")
    return shut_down({std::move(reason), code, false});
  if (!lent_.shutdown)
    lent_.shutdown = begin_shutdown{std::move(reason), code, false};
  end_alone(code);
}

// Without a coordinator, or a reliable supervisor, there can be no orderly
// shutdown. The conversation, which has been told, reports what became of its
// prompts.
void supervisor::end_alone(std::int32_t code) {
  start_waiting();
  delayed_send(this, last_words_timeout, stop_agent{code});
}

void supervisor::shut_down(begin_shutdown why) {
  if (!lent_.shutdown)
    lent_.shutdown
      = begin_shutdown{why.reason, why.exit_code, false, why.keep_claude};
  start_waiting();
  if (lent_.directory.shutdown_coordinator)
    send(lent_.directory.shutdown_coordinator, std::move(why));
}

// The steps of a shutdown are shorter than a backoff, and need all actors.
void supervisor::start_waiting() {
  for (auto& c : lent_.children) {
    if (c.now != child::state::waiting)
      continue;
    c.due = clock().now();
    remind_of(c);
  }
}

// Children stop in reverse order, each after the one before it has ended.
void supervisor::stop_next() {
  auto& all = lent_.children;
  auto i = std::find_if(all.rbegin(), all.rend(),
                        [](const child& c) { return c.address != nullptr; });
  if (i != all.rend())
    return caf::anon_send_exit(i->address, caf::exit_reason::user_shutdown);
  AGENT_ASSERT(lent_.code);
  quit();
  lent_.stopped(*lent_.code);
}

supervisor_status supervisor::status() const {
  supervisor_status result;
  result.by_child = lent_.restarts;
  for (const auto& r : lent_.restarts)
    result.restarts += r.count;
  for (const auto& c : lent_.children) {
    result.restarts_in_window = std::max<std::uint64_t>(
      result.restarts_in_window, c.policy.recent(clock().now()));
    if (c.now == child::state::given_up)
      result.gave_up = c.spec.name;
  }
  if (lent_.gave_up)
    result.gave_up = name();
  return result;
}

} // namespace container_agent
