#pragma once

#include <caf/execution_unit.hpp>
#include <caf/make_actor.hpp>
#include <caf/message_handler.hpp>
#include <caf/monitorable_actor.hpp>

#include <iostream>
#include <string>

namespace container_agent::runtime {

/// Writes the output of `aout` to stderr, for schedulers: CAF's own printer is
/// an actor with its own thread.
class stderr_printer final : public caf::monitorable_actor {
public:
  static caf::actor make(caf::execution_unit& unit) {
    caf::actor_config config{&unit};
    auto& system = unit.system();
    return caf::make_actor<stderr_printer, caf::actor>(
      system.next_actor_id(), system.node(), &system, config);
  }

  explicit stderr_printer(caf::actor_config& config)
    : caf::monitorable_actor{config},
      print_{[](caf::add_atom, caf::actor_id, const std::string& text) {
        std::cerr << text;
      }} {}

  using caf::abstract_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr element,
               caf::execution_unit*) override {
    print_(element->content());
  }

  const char* name() const override { return "stderr_printer"; }

private:
  caf::message_handler print_;
};

} // namespace container_agent::runtime
