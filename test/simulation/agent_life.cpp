#include "test/simulation/agent_life.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <utility>

namespace container_agent::simulation {

agent_life::actor_settings::actor_settings(run_context& run) {
  add_message_types<caf::id_block::container_agent>();
  add_error_category(
    agent_error_category,
    [](std::uint8_t code, caf::atom_value, const caf::message&) {
      return to_string(static_cast<agent_error>(code));
    });
  set("logger.verbosity", caf::atom("quiet"));
  install_scheduler(*this, run);
}

agent_life::agent_life(const agent_surroundings& given)
  : log{given.run},
    context_{given.clock, given.random, log,
             given.watch != nullptr ? &given.watch->hook : nullptr},
    plan_{given.plan},
    run_{given.run},
    clients_{given.clients},
    ports{given.around.next_agent({context_, life})},
    input{ports.input, ports.input_log, plan_.exit_on_eof},
    link{ports.child, ports.events, plan_.child, context_},
    output{ports.output},
    progress{plan_.drain},
    settings_{run_},
    system_{settings_},
    scheduler{dynamic_cast<seeded_scheduler&>(system_.scheduler())} {
  progress.leaves_claude = plan_.mode == run_mode::keep;
  if (given.watch != nullptr)
    scheduler.count_into(given.watch->messages);
  clients_.supervisor_failures = [this] {
    return log.count("supervisor_failed") + log.count("supervisor_gave_up");
  };
  clients_.stopping = [this] { return family->shutdown || family->code; };
}

// After a violation there may be actors that would never end.
agent_life::~agent_life() {
  kill();
  system_.await_actors_before_shutdown(false);
}

void agent_life::start() {
  supervision_config config;
  config.children
    = agent_children({input, ports.protocol, link, output, progress, &clients_},
                     plan_.tree, context_);
  for (auto& spec : config.children)
    spec.start = [this, name = spec.name, start = std::move(spec.start)](
                   supervisor_actor::pointer self, peers_changed& directory) {
      run_.faults.at_constructor(name);
      return start(self, directory);
    };
  config.on_stopped = [this](std::int32_t code) { exit_code = code; };
  config.policy.max_restarts = plan_.supervisor_restarts;
  family.emplace(std::move(config), context_);
  family->start(system_);
}

void agent_life::shut_down(bool goes_on) {
  progress.input_goes_on = progress.input_goes_on.value_or(goes_on);
  family->shut_down(
    {"SIGTERM", 0, true, goes_on && plan_.mode == run_mode::keep});
}

bool agent_life::leaves() const {
  return exit_code
         && (progress.keep_claude
             || (*exit_code == 0 ? leaving : progress.leaves_claude));
}

// The family outlives the system: no actor may be left for it to let go of
// then.
void agent_life::kill() {
  if (!family)
    return;
  ports.input.cancel();
  link.on_change({});
  ports.output.on_moved({});
  auto end = [](const auto& who) {
    if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(who))
      caf::anon_send_exit(actor, caf::exit_reason::kill);
  };
  end(family->root());
  for (const auto& c : family->children)
    end(c.address);
  family->abandon();
  scheduler.drain();
}

} // namespace container_agent::simulation
