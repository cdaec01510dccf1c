#include "test/simulation/run_plan.hpp"

#include "messages/codec/agent_record.hpp"

#include <algorithm>

namespace container_agent::simulation {

namespace {

using namespace std::chrono_literals;

agent_tree_config draw_tree(chance& dice) {
  agent_tree_config tree;
  tree.health.interval = dice.pick({0ms, 500ms, 10'000ms});
  if (!dice.one_in(4)) // else the defaults: the agent may give up
    tree.restarts.max_restarts = 100'000;
  tree.restarts.first_delay = dice.pick({0ms, 10ms, 200ms});
  tree.restarts.max_delay = dice.pick({200ms, 10'000ms});
  tree.talk.stall_timeout = dice.pick({0ms, 5'000ms, 60'000ms});
  tree.talk.start_timeout = dice.pick({0ms, 5'000ms, 120'000ms});
  if (dice.one_in(3))
    tree.on_give_up = give_up_action::wait;
  return tree;
}

dialogue_config draw_dialogue(chance& dice) {
  dialogue_config dialogue;
  dialogue.queue.prompts = dice.pick<std::size_t>({1, 3, 50, 1024});
  dialogue.queue.bytes = dice.pick<std::size_t>({200, 4096, 4 * 1024 * 1024});
  dialogue.queue.in_flight = dice.pick<std::size_t>({1, 1, 1, 2, 4});
  return dialogue;
}

} // namespace

// FIFOs must take a line of PIPE_BUF bytes at once. Nobody sees who has them
// open, so a Claude that closes its own is one that does nothing.
void run_plan::draw_keeping(chance& dice) {
  for (auto* pipe : {&claude.input, &claude.output, &host.input, &host.output})
    pipe->capacity = std::max<std::size_t>(pipe->capacity, 4096)
                     * (dice.one_in(2) && pipe->longest >= 300 ? 4 : 1);
  child.max_held_line = claude.output.capacity / 4;
  child.farewell = codec::control_request_line(
    std::string{codec::own_request_prefix} + "end", "end_session");
  tree.talk.leaves_claude = true;
  claude.answer_bytes = dice.pick<std::size_t>({0, 0, 700});
  claude.closes_input = claude.closes_output = 0;
  host.half_line = 0;
  absence = dice.pick<time_span>({1ms, 100ms, 10s});
  early_deaths = dice.pick({0u, 2u, 4u});
  for (auto count = dice.between(1, 8); count > 0; --count)
    ends.push_back({dice.up_to(turmoil),
                    dice.one_in(4) ? 0 : dice.between(1, 30), dice.one_in(2)});
}

run_plan run_plan::draw(chance& dice, run_mode mode) {
  run_plan plan;
  auto raw = mode == run_mode::raw;
  plan.mode = mode;
  plan.reader.raw = plan.child.raw = raw;
  plan.claude = claude_plan::draw(dice);
  plan.host = host_plan::draw(dice);
  plan.faults = fault_plan::draw(dice);
  plan.reader.max_line = plan.host.max_line;
  plan.dialogue = draw_dialogue(dice);
  plan.child.command = {"claude", {"-p"}, {}, {}};
  plan.child.max_held_line = dice.pick<std::size_t>({600, 4096, 1024 * 1024});
  plan.tree = draw_tree(dice);
  plan.turmoil = dice.up_to(60s);
  if (dice.one_in(3)) {
    plan.signals.push_back(dice.up_to(plan.turmoil));
    while (dice.one_in(2))
      plan.signals.push_back(plan.signals.back() + dice.up_to(3s));
  }
  for (auto count = dice.below(4); dice.one_in(2) && count > 0; --count)
    plan.requests.emplace_back(dice.up_to(plan.turmoil),
                               dice.pick<std::string>({
                                 R"({"command":"status"})",
                                 R"({"command":"restart_claude"})",
                                 R"({"command":"restart_claude","now":true})",
                                 R"({"command":"nonsense"})",
                               }));
  for (auto count = dice.below(3); count > 0; --count)
    plan.clock_jumps.emplace_back(
      dice.up_to(plan.turmoil),
      std::chrono::hours{static_cast<int>(dice.below(2000)) - 1000});
  if (dice.one_in(4))
    plan.supervisor_restarts = dice.pick<std::uint32_t>({0, 1, 5});
  plan.reader.exit_on_eof = raw && dice.one_in(4);
  if (mode == run_mode::once) {
    plan.reader.exit_on_eof = plan.host.leaves = true;
    plan.host.half_line = plan.claude.permission = 0; // it must not leave early
  }
  if (mode == run_mode::keep)
    plan.draw_keeping(dice);
  return plan;
}

} // namespace container_agent::simulation
