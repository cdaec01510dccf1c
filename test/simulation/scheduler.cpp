#include "test/simulation/scheduler.hpp"

#include "main/loop/stderr_printer.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>

#include <algorithm>

namespace container_agent::simulation {

seeded_scheduler::seeded_scheduler(caf::actor_system& system, run_context& run)
  : abstract_coordinator{system},
    run_{run},
    order_{run.dice.branch()},
    slowest_step_{order_.pick({1, 20, 500})},
    hiccups_{order_.pick<std::uint64_t>({0, 100, 2000})},
    clock_{run.calendar},
    unit_{*this, system} {}

bool seeded_scheduler::step() {
  if (idle()) {
    auto due = run_.calendar.next_due();
    if (const auto& timers = clock_.schedule(); !timers.empty()) {
      auto timer = std::chrono::ceil<time_span>(
        timers.begin()->first.time_since_epoch());
      due = due ? std::min(*due, timer) : timer;
    }
    if (!due)
      return false;
    run_.calendar.advance_to(*due);
  }
  pass_time();
  auto count = jobs_.size() + run_.calendar.ready();
  if (count == 0)
    return true; // what was due has nobody to go to
  auto index = order_.below(count);
  if (index < jobs_.size()) {
    run_job(index);
  } else {
    // Out of the loop itself an exception would end the program.
    run_.faults.at_message("the loop");
    run_.calendar.run(index - jobs_.size());
  }
  return true;
}

void seeded_scheduler::pass_time() {
  auto step = order_.below(static_cast<std::uint64_t>(slowest_step_.count()));
  if (order_.one_in(hiccups_))
    step += order_.below(100'000); // the machine is busy with something else
  run_.calendar.advance_to(run_.calendar.now()
                           + time_span{static_cast<std::int64_t>(step)});
  clock_.trigger_expired_timeouts();
}

void seeded_scheduler::run_job(std::size_t index) {
  auto* job = std::exchange(jobs_[index], jobs_.back());
  jobs_.pop_back();
  auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
  if (actor == nullptr || stopping_)
    return resume(job);
  // A closed mailbox must not be looked into.
  auto& mailbox = actor->mailbox();
  if (mailbox.closed())
    return resume(job);
  longest_mailbox_ = std::max(longest_mailbox_, mailbox.size());
  if (run_.trace)
    tell(*actor);
  switch (run_.faults.at_message(actor->name())) {
    case strike::none: return resume(job);
    case strike::kill:
      run_.tell("fault", [&] { return std::string{"kill "} + actor->name(); });
      caf::anon_send_exit(actor->address(), caf::exit_reason::kill);
      return resume(job);
    case strike::before:
      run_.tell("fault",
                [&] { return "before: " + std::string{actor->name()}; });
      fail(*actor);
      return caf::intrusive_ptr_release(job);
    case strike::after: break;
  }
  run_.tell("fault", [&] { return "after: " + std::string{actor->name()}; });
  caf::intrusive_ptr_add_ref(job);
  resume(job);
  fail(*actor);
  caf::intrusive_ptr_release(job);
}

// At one message a turn an actor takes one, and at most two urgent ones
// (caf/policy/categorized.hpp). CAF's own servers, which end with the system,
// are not ours to count.
void seeded_scheduler::count(caf::scheduled_actor& actor) {
  std::string_view name{actor.name()};
  auto& mailbox = actor.mailbox();
  if (mailbox.closed() || name == "config_server" || name == "spawn_server")
    return;
  mailbox.fetch_more();
  auto& queues = mailbox.queue().queues();
  auto urgent = std::get<caf::scheduled_actor::urgent_queue_index>(queues)
                  .total_task_size();
  auto normal = std::get<caf::scheduled_actor::normal_queue_index>(queues)
                  .total_task_size();
  auto taken = (urgent < 2 ? urgent : 2) + (normal < 1 ? normal : 1);
  handed_over_->waiting += taken;
  if (taken == 0 && !actor.getf(caf::abstract_actor::is_initialized_flag))
    ++handed_over_->beginnings;
}

void seeded_scheduler::resume(caf::resumable* job) {
  if (auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
      handed_over_ != nullptr && actor != nullptr)
    count(*actor);
  switch (job->resume(&unit_, 1)) {
    case caf::resumable::resume_later: jobs_.push_back(job); break;
    case caf::resumable::shutdown_execution_unit: break;
    default: caf::intrusive_ptr_release(job);
  }
}

// What CAF does with an actor out of whose handler an exception comes.
void seeded_scheduler::fail(caf::scheduled_actor& actor) {
  if (actor.getf(caf::abstract_actor::is_terminated_flag))
    return;
  actor.context(&unit_);
  actor.quit(caf::make_error(caf::sec::runtime_error, "injected fault"));
  actor.finalize();
}

void seeded_scheduler::tell(caf::scheduled_actor& actor) {
  run_.tell(actor.name(), [&] {
    return actor.mailbox().size() == 0
             ? std::string{"(starts)"}
             : actor.mailbox().peek()->content().stringify();
  });
}

// Not the base's, which spawns the printer with a thread.
void seeded_scheduler::start() {
  utility_actors_[printer_id] = runtime::stderr_printer::make(unit_);
}

// Jobs refer to actors, timers hold them: both must be gone before the system.
void seeded_scheduler::stop() {
  drain();
  utility_actors_[printer_id] = nullptr;
}

void seeded_scheduler::drain() {
  stopping_ = true;
  do {
    clock_.cancel_all();
    while (!jobs_.empty())
      run_job(jobs_.size() - 1);
  } while (!clock_.schedule().empty() || !jobs_.empty());
}

void install_scheduler(caf::actor_system_config& config, run_context& run) {
  config.module_factories.emplace_back(
    [&run](caf::actor_system& system) -> caf::actor_system::module* {
      return new seeded_scheduler{system, run};
    });
}

} // namespace container_agent::simulation
