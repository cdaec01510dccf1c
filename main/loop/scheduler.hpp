#pragma once

#include "main/loop/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <functional>

namespace caf {
class actor_system;
class actor_system_config;
} // namespace caf

namespace container_agent::runtime {

class tracer;

/// Messages that an actor may handle in a row, before the next actor's turn.
inline constexpr std::size_t max_messages_in_a_row = 64;

/// Makes every actor system of this configuration run its actors as jobs of
/// `loop`, which must outlive it. No thread is ever started; actors must not be
/// spawned detached.
///
/// What actors print through CAF (`aout`, and CAF's report of an unexpected
/// message) goes to stderr at once.
///
/// Two of CAF's ways to wait would block the loop's own thread for ever: a
/// `scoped_actor` that receives (run the loop until its mailbox holds something
/// first), and the destructor of an `actor_system` whose actors have not ended
/// (see `run_until_all_ended`).
///
/// `events` is told of delayed messages and must outlive the system.
/// `on_stood_still` is called after the process was frozen, with the duration
/// (see `active_time`).
void install_scheduler(
  caf::actor_system_config& config, event_loop& loop, tracer* events = nullptr,
  std::function<void(std::chrono::milliseconds)> on_stood_still = {});

/// Runs the loop until all actors of `system` have ended, at most for `limit`.
/// Returns whether they have: only then may the system be destroyed, unless it
/// was told not to wait (`await_actors_before_shutdown(false)`). Actors that
/// still live then are left as they are.
bool run_until_all_ended(caf::actor_system& system, event_loop& loop,
                         std::chrono::steady_clock::duration limit);

} // namespace container_agent::runtime
