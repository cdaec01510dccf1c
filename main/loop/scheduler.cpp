#include "main/loop/scheduler.hpp"

#include "main/loop/scheduler_clock.hpp"
#include "main/loop/stderr_printer.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <utility>

namespace container_agent::runtime {

namespace {

class loop_scheduler final : public caf::scheduler::abstract_coordinator {
public:
  using gap_handler = std::function<void(std::chrono::milliseconds)>;

  loop_scheduler(caf::actor_system& system, event_loop& loop, tracer* events,
                 gap_handler on_stood_still)
    : abstract_coordinator{system},
      loop_{loop},
      clock_{loop},
      unit_{*this, system} {
    clock_.trace(events);
    clock_.on_stood_still(std::move(on_stood_still));
  }

  scheduler_clock& clock() noexcept override { return clock_; }

  bool detaches_utility_actors() const override { return false; }

protected:
  void enqueue(caf::resumable* actor) override { post(actor); }

  // The base's version would spawn the printer with its own thread.
  void start() override {
    utility_actors_[printer_id] = stderr_printer::make(unit_);
  }

  // Handlers of the loop may own actors, and jobs refer to them, so both must
  // be gone before the system is.
  void stop() override {
    do {
      clock_.cancel_all();
    } while (loop_.run_ready() > 0);
    utility_actors_[printer_id] = nullptr;
  }

private:
  // A member, because both bases would define `system()`.
  class unit final : public caf::execution_unit {
  public:
    unit(loop_scheduler& parent, caf::actor_system& system)
      : execution_unit{&system}, parent_{parent} {}

    void exec_later(caf::resumable* actor) override { parent_.post(actor); }

  private:
    loop_scheduler& parent_;
  };

  // The job owns the reference that came with `actor`.
  void post(caf::resumable* actor) {
    loop_.post([this, actor] { run(actor); });
  }

  // An exception from `resume` is fatal (see event_loop::run_until). The
  // reference is then kept, because releasing an actor that was interrupted
  // while ending would end it a second time.
  void run(caf::resumable* actor) {
    switch (actor->resume(&unit_, max_messages_in_a_row)) {
      case caf::resumable::resume_later: post(actor); break;
      case caf::resumable::shutdown_execution_unit: break;
      default: caf::intrusive_ptr_release(actor);
    }
  }

  event_loop& loop_;
  scheduler_clock clock_;
  unit unit_;
};

} // namespace

void install_scheduler(caf::actor_system_config& config, event_loop& loop,
                       tracer* events,
                       std::function<void(std::chrono::milliseconds)> on_gap) {
  config.module_factories.emplace_back(
    [&loop, events, on_gap = std::move(on_gap)](
      caf::actor_system& system) -> caf::actor_system::module* {
      return new loop_scheduler{system, loop, events, on_gap};
    });
}

bool run_until_all_ended(caf::actor_system& system, event_loop& loop,
                         std::chrono::steady_clock::duration limit) {
  return loop.run_until([&] { return system.registry().running() == 0; },
                        limit);
}

} // namespace container_agent::runtime
