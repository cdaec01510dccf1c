#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

#include <gtest/gtest.h>

#include <iostream>

namespace container_agent::test {

namespace {

// More than any test needs: whoever exceeds it talks in a circle.
constexpr std::size_t max_steps = 1'000'000;

} // namespace

stepped_config::stepped_config() {
  add_message_types<caf::id_block::container_agent>();
  add_error_category(
    agent_error_category,
    [](std::uint8_t code, caf::atom_value, const caf::message&) {
      return to_string(static_cast<agent_error>(code));
    });
  set("scheduler.policy", caf::atom("testing"));
  set("logger.verbosity", caf::atom("quiet"));
}

void actor_fixture::TearDown() {
  if (HasFailure())
    std::cout << "The messages that led there:\n" << trace.story();
  peers = {};
  for (const auto& actor : watched_)
    if (auto handle = caf::actor_cast<caf::actor>(actor.address))
      caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  settle();
  // Nobody is left to hear of what is due later.
  scheduler().clock().cancel_all();
  settle();
  auto left = system.registry().running();
  if (left == 0)
    return;
  std::string names;
  for (const auto& actor : watched_)
    if (!ends_.contains(actor.id))
      names += ' ' + actor.name;
  ADD_FAILURE() << left << " actors live on after the test:" << names;
  system.await_actors_before_shutdown(false);
}

void actor_fixture::settle() {
  for (std::size_t step = 0; step < max_steps; ++step)
    if (!scheduler().try_run_once() && !events.run_one())
      return;
  ADD_FAILURE() << "the actors do not come to rest";
}

void actor_fixture::advance(std::chrono::milliseconds time) {
  settle();
  for (; time.count() > 0; --time) {
    clock.time += std::chrono::milliseconds{1};
    if (scheduler().advance_time(std::chrono::milliseconds{1}) > 0)
      settle();
  }
}

std::size_t actor_fixture::pending_timers() {
  return scheduler().clock().schedule().size();
}

caf::scheduler::test_coordinator& actor_fixture::scheduler() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

} // namespace container_agent::test
