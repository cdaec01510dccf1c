#include "actors/dialogue.hpp"
#include "test/simulation/company.hpp"
#include "test/simulation/run_plan.hpp"
#include "test/simulation/simulated_claude.hpp"

#include <optional>

namespace container_agent::simulation {

namespace {

class talkers final : public company {
public:
  explicit talkers(const surroundings& given)
    : plan_{given.plan},
      judge_{given.run, plan_.reader.max_line, plan_.child.max_held_line},
      host_{given.run, judge_, given.input, given.output.pipe, plan_.host},
      claude_{given.run, judge_, plan_.claude},
      input_{given.input},
      output_{given.output} {
    given.input.on_delivery = [this](std::string_view data, bool at_end) {
      judge_.input.deliver(data, at_end);
    };
  }

  agent_ports next_agent(const newcomer& agent) override {
    protocol_.emplace(plan_.dialogue, agent.context);
    return {input_, output_, claude_, *protocol_};
  }

  void begin() override { host_.start(); }

  void behave() override {
    claude_.behave();
    host_.behave();
  }

  std::string unrest() const override {
    if (output_.pipe.available() > 0)
      return " output waits";
    if (host_.left())
      return " the agent does not end with its input";
    if (!host_.written())
      return " the agent does not read its input";
    return judge_.owed();
  }

  // Claude does nothing and gives no sign, and may do so for ever; or it waits
  // for a host that does not answer.
  bool stuck() const override {
    const auto* life = claude_.life();
    auto patient = plan_.tree.talk.stall_timeout.count() == 0
                   || plan_.tree.talk.start_timeout.count() == 0;
    return life
           && ((life->wedged() && patient)
               || (life->waits_for_host() && host_.owes_answer()));
  }

  std::string owed_at_end(bool came_to_rest) override {
    host_.read_to_end();
    return came_to_rest ? judge_.owed() : judge_.owed_prompts();
  }

  std::uint64_t prompts() const override { return judge_.prompts(); }
  std::uint64_t launches() const override { return claude_.launches(); }

private:
  const run_plan& plan_;
  judge judge_;
  simulated_host host_;
  simulated_claude claude_;
  std::optional<dialogue> protocol_;
  simulated_source& input_;
  simulated_host_sink& output_;
};

} // namespace

std::unique_ptr<company> stream_json_company(const surroundings& given) {
  return std::make_unique<talkers>(given);
}

} // namespace container_agent::simulation
