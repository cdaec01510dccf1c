#include "test/simulation/company.hpp"
#include "test/simulation/kept_agent.hpp"
#include "test/simulation/kept_house.hpp"
#include "test/simulation/line_text.hpp"
#include "test/simulation/run_plan.hpp"
#include "test/simulation/simulated_host.hpp"
#include "test/simulation/small_ports.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace container_agent::simulation {

namespace {

class keepers final : public company {
public:
  explicit keepers(const surroundings& given)
    : run_{given.run},
      plan_{given.plan},
      judge_{run_, plan_.reader.max_line, plan_.child.max_held_line},
      from_host_{run_, plan_.host.input},
      to_host_{run_, plan_.host.output},
      host_{run_, judge_, from_host_, to_host_, plan_.host},
      house_{run_, judge_, plan_.claude} {}

  agent_ports next_agent(const newcomer& agent) override;

  void agent_leaves() override { agents_.back()->input.take_rest(); }

  void begin() override { host_.start(); }

  void behave() override {
    house_.behave();
    host_.behave();
  }

  std::string unrest() const override {
    if (to_host_.available() > 0)
      return " output waits";
    if (!host_.written() || house_.spool.next < house_.spool.text.size())
      return " the agent does not read its input";
    return judge_.owed();
  }

  bool stuck() const override {
    const auto* life = house_.life();
    auto patient = plan_.tree.talk.stall_timeout.count() == 0
                   || plan_.tree.talk.start_timeout.count() == 0;
    return life != nullptr
           && ((life->wedged() && patient)
               || (life->waits_for_host() && host_.owes_answer()));
  }

  std::string owed_at_end(bool came_to_rest) override {
    host_.read_to_end();
    return came_to_rest ? judge_.owed() : judge_.owed_prompts();
  }

  std::uint64_t prompts() const override { return judge_.prompts(); }
  std::uint64_t launches() const override { return house_.launches(); }

private:
  void agent_dies(const simulated_log& log);
  std::vector<std::string>
  unseen_results(const codec::kept_conversation& known) const;
  codec::kept_conversation journal() const;

  run_context& run_;
  const run_plan& plan_;
  judge judge_;
  kernel_fifo from_host_;
  kernel_fifo to_host_;
  simulated_host host_;
  kept_house house_;
  // Old ones stay: the world may still have something to do for them.
  std::vector<std::unique_ptr<kept_agent>> agents_;
};

codec::kept_conversation keepers::journal() const {
  codec::kept_conversation result;
  result.take_all(house_.journal);
  return result;
}

agent_ports keepers::next_agent(const newcomer& agent) {
  agent.life.on_death = [this, &log = agent.log] { agent_dies(log); };
  if (!house_.running() && !agents_.empty()) {
    auto known = journal();
    auto lines = judge_.output_is_lost(known.session_id, unseen_results(known));
    to_host_.mark([this, lines] { judge_.loss_is_heard(lines, host_.part()); });
  }
  auto& born = *agents_.emplace_back(std::make_unique<kept_agent>(
    run_, agent, house_, from_host_, to_host_, plan_.dialogue));
  born.input.on_delivery = [this](std::string_view data, bool at_end) {
    judge_.input.deliver(data, at_end);
  };
  born.speak_first(agent);
  return born.ports();
}

// Of prompts whose results are about to be lost, and that no agent knew of.
std::vector<std::string>
keepers::unseen_results(const codec::kept_conversation& known) const {
  std::set<std::string> seen;
  for (const auto& p : known.closed)
    seen.insert({p.uuid, p.continued_as});
  std::vector<std::string> result;
  auto rest = house_.output.content();
  while (!rest.empty()) {
    auto end = std::min(rest.find('\n'), rest.size() - 1);
    for (auto& uuid : answered_by(rest.substr(0, end)))
      if (!seen.contains(uuid))
        result.push_back(std::move(uuid));
    rest.remove_prefix(end + 1);
  }
  return result;
}

void keepers::agent_dies(const simulated_log& log) {
  run_.tell("world", [] { return std::string{"the agent dies"}; });
  house_.keep_note();
  judge::legacy left;
  auto known = journal();
  left.dealt_with = known.input;
  left.told = log.rejected();
  for (const auto& p : known.prompts)
    left.accepted.insert(p.uuid);
  for (const auto& p : known.closed) {
    left.accepted.insert(p.uuid);
    if (p.result_end == 0)
      left.failed.insert(p.uuid);
  }
  for (const auto& [line, uuid] : log.accepted())
    if (left.accepted.contains(uuid))
      left.told.insert(line);
  auto all = left.dealt_with >= house_.spool.text.size();
  judge_.agent_dies(all ? 0 : left.dealt_with); // the file begins anew
  to_host_.mark([this, left] { judge_.agent_is_heard(left, host_.part()); });
}

} // namespace

std::unique_ptr<company> keeping_company(const surroundings& given) {
  return std::make_unique<keepers>(given);
}

} // namespace container_agent::simulation
