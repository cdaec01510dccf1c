#include "test/simulation/faults.hpp"

#include "test/support/directory.hpp"

#include <algorithm>
#include <string>

namespace container_agent::simulation {

namespace {

// CAF has actors of its own, which are not to be harmed.
bool is_ours(std::string_view actor) {
  const auto& all = test::actor_names();
  return std::find(all.begin(), all.end(), actor) != all.end();
}

} // namespace

fault_plan fault_plan::draw(chance& dice) {
  fault_plan plan;
  if (dice.one_in(5))
    return plan; // a run without any: what Claude and the host do is enough
  auto rate = [&](std::uint64_t low, std::uint64_t high) {
    return dice.one_in(2) ? static_cast<std::uint32_t>(dice.between(low, high))
                          : 0;
  };
  plan.handler = rate(20, 1000);
  plan.kill = rate(20, 1000);
  plan.port = rate(5, 200);
  plan.constructor = rate(2, 10);
  plan.supervisor = dice.one_in(2);
  plan.most = static_cast<std::uint32_t>(dice.between(1, 60));
  return plan;
}

strike fault_injector::at_message(std::string_view actor) {
  spared_ = !is_ours(actor) || (actor == "supervisor" && !plan_.supervisor);
  if (spared_)
    return strike::none;
  if (strikes(plan_.kill))
    return strike::kill;
  if (strikes(plan_.handler))
    return dice_.one_in(2) ? strike::before : strike::after;
  return strike::none;
}

void fault_injector::at_port(const char* call, std::uint32_t rarely) {
  if (!spared_ && strikes(plan_.port * rarely))
    throw injected_fault{std::string{call} + " throws"};
}

void fault_injector::at_constructor(const std::string& actor) {
  if (strikes(plan_.constructor))
    throw injected_fault{actor + " cannot be made"};
}

bool fault_injector::strikes(std::uint32_t rate) {
  if (left_off_ || count_ >= plan_.most || !dice_.one_in(rate))
    return false;
  ++count_;
  return true;
}

} // namespace container_agent::simulation
