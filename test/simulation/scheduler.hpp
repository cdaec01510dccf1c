#pragma once

#include "test/simulation/run_context.hpp"

#include <caf/detail/simple_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <vector>

namespace caf {
class actor_system_config;
}

namespace container_agent::simulation {

/// The actors' clock shows the run's virtual time.
class virtual_clock final : public caf::detail::simple_actor_clock {
public:
  explicit virtual_clock(const agenda& calendar) : calendar_{calendar} {}

  time_point now() const noexcept override {
    return time_point{calendar_.now()};
  }

private:
  const agenda& calendar_;
};

/// What actors took out of their mailboxes.
struct handed_over {
  std::uint64_t waiting = 0; ///< messages that were there before the turn

  /// First turns that found nothing there: what an actor sends itself in its
  /// beginning it takes in the same turn.
  std::uint64_t beginnings = 0;
};

/// A CAF scheduler that leaves to chance which of all that could happen happens
/// next: one message of one actor, or one event of the world outside. Each pair
/// of actors keeps its order, because an actor takes one message at a time from
/// its one mailbox. Time goes on by a random bit at each step, so that timeouts
/// race with messages; when nothing could happen now, it jumps to what is due
/// next.
class seeded_scheduler final : public caf::scheduler::abstract_coordinator {
public:
  seeded_scheduler(caf::actor_system& system, run_context& run);

  /// One step; false if nothing is left, neither now nor later.
  bool step();

  virtual_clock& clock() noexcept override { return clock_; }
  const virtual_clock& timers() const { return clock_; }
  bool detaches_utility_actors() const override { return false; }

  /// Lets the actors take what they have been sent; time has ended.
  void drain();

  /// Nothing could happen now.
  bool idle() const { return jobs_.empty() && run_.calendar.ready() == 0; }

  /// Adds up the messages that actors take.
  void count_into(handed_over& counter) { handed_over_ = &counter; }

  /// The longest mailbox that was seen since the last call.
  std::size_t longest_mailbox() { return std::exchange(longest_mailbox_, 0); }

protected:
  void enqueue(caf::resumable* job) override { jobs_.push_back(job); }
  void start() override;
  void stop() override;

private:
  // Has to be a member: both bases would define `system()`.
  class unit final : public caf::execution_unit {
  public:
    unit(seeded_scheduler& parent, caf::actor_system& system)
      : execution_unit{&system}, parent_{parent} {}

    void exec_later(caf::resumable* job) override {
      parent_.jobs_.push_back(job);
    }

  private:
    seeded_scheduler& parent_;
  };

  void pass_time();
  void run_job(std::size_t index);
  void count(caf::scheduled_actor& actor);
  void resume(caf::resumable* job);
  bool strike_before(caf::scheduled_actor& actor);
  void fail(caf::scheduled_actor& actor);
  void tell(caf::scheduled_actor& actor);

  run_context& run_;
  chance order_;
  time_span slowest_step_;
  std::uint64_t hiccups_; // one step in so many takes long
  virtual_clock clock_;
  unit unit_;
  std::vector<caf::resumable*> jobs_;
  std::size_t longest_mailbox_ = 0;
  handed_over* handed_over_ = nullptr;
  bool stopping_ = false;
};

/// Has every system made with `config` scheduled by a `seeded_scheduler`.
void install_scheduler(caf::actor_system_config& config, run_context& run);

} // namespace container_agent::simulation
