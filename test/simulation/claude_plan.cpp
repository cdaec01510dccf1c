#include "test/simulation/claude_plan.hpp"

#include <csignal>

namespace container_agent::simulation {

claude_plan claude_plan::draw(chance& dice) {
  claude_plan plan;
  plan.latency = dice.pick<time_span>(
    {time_span{50}, time_span{20'000}, time_span{3'000'000}});
  plan.output = pipe_plan::draw(dice);
  plan.input = pipe_plan::draw(dice);
  auto rate
    = [&](std::uint64_t unlikely, std::uint64_t low, std::uint64_t high) {
        return dice.one_in(unlikely)
                 ? static_cast<std::uint32_t>(dice.between(low, high))
                 : 0;
      };
  plan.crash = rate(2, 1, 4);
  plan.exec_failure = rate(6, 2, 5);
  plan.deaf = rate(30, 1, 4);
  plan.closes_input = rate(12, 1, 4);
  plan.closes_output = rate(30, 1, 4);
  plan.grandchild = rate(4, 1, 3);
  plan.stubborn = rate(4, 1, 3);
  plan.unreadable = rate(4, 1, 4);
  plan.refuses = rate(4, 2, 6);
  plan.ignores = rate(8, 3, 10);
  plan.permission = rate(3, 1, 6);
  plan.error = rate(2, 2, 8);
  plan.cancelled = rate(4, 2, 10);
  plan.own_turn = rate(4, 1, 4);
  plan.task = rate(3, 1, 4);
  plan.endless = rate(4, 1, 4);
  plan.garbage = rate(3, 1, 5);
  plan.long_line = rate(4, 1, 5);
  plan.stall = rate(30, 2, 10);
  plan.bypass_allowed = dice.one_in(2);
  plan.mode = dice.pick<std::string>(
    {"default", "plan", plan.bypass_allowed ? "bypassPermissions" : "default"});
  // In pieces of a few bytes a long line would take as long as a silence.
  plan.long_line_bytes
    = dice.between(500, plan.output.longest < 300 ? 2000 : 20'000);
  return plan;
}

claude_plan claude_plan::harmless() const {
  auto plan = *this;
  plan.crash = plan.exec_failure = plan.deaf = plan.closes_input
    = plan.closes_output = plan.stall = plan.unreadable = plan.refuses
    = plan.ignores = 0;
  return plan;
}

claude_fate claude_fate::draw(const claude_plan& plan, chance& dice) {
  claude_fate fate;
  if (dice.one_in(plan.crash)) {
    switch (dice.below(3)) {
      case 0: fate.dies_after_output = dice.below(4000); break;
      case 1: fate.dies_after_input = dice.below(1500); break;
      default: fate.dies_after = dice.up_to(time_span{20'000'000}); break;
    }
    fate.end = dice.pick<child_exit>({{0, SIGKILL}, {0, SIGSEGV}, {1, 0}, {}});
  }
  if (dice.one_in(plan.closes_output))
    fate.closes_output_after = dice.below(4000);
  if (dice.one_in(plan.closes_input))
    fate.closes_input_after = dice.up_to(time_span{5'000'000});
  fate.deaf = dice.one_in(plan.deaf);
  fate.stubborn = dice.one_in(plan.stubborn);
  if (dice.one_in(plan.grandchild))
    fate.grandchild
      = dice.one_in(2) ? left_behind::in_group : left_behind::out_of_group;
  return fate;
}

} // namespace container_agent::simulation
