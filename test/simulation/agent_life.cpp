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
    ports{given.around.next_agent({context_, log, life})},
    reader{ports.input, plan_.reader},
    link{ports.child, plan_.child, context_},
    output{ports.output, {}, 0, 0},
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
  config.children = agent_children(
    {reader, ports.protocol, link, output, progress, &clients_}, plan_.tree,
    context_);
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

void agent_life::shut_down(bool kept) {
  progress.input_goes_on = progress.input_goes_on.value_or(kept);
  family->shut_down({"SIGTERM", 0, true, kept});
}

bool agent_life::leaves_claude() const {
  return exit_code
         && (progress.keep_claude
             || (progress.leaves_claude && *exit_code != 0));
}

// The family outlives the system: no actor may be left for it to let go of
// then.
void agent_life::kill() {
  if (!family)
    return;
  reader.on_arrival({});
  link.on_change({});
  ports.output.on_drained({});
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

bool agent_life::owes_messages() const {
  const auto& protocol = ports.protocol;
  return untaken(protocol.to_host, output.from_conversation) > 0
         || untaken(protocol.to_child, link.from_conversation) > 0
         || untaken(reader.to_conversation, protocol.from_input) > 0
         || untaken(link.to_conversation, protocol.from_child) > 0;
}

} // namespace container_agent::simulation
