#include "test/simulation/run_plan.hpp"

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
  tree.conversation.stall_timeout = dice.pick({0ms, 5'000ms, 60'000ms});
  tree.conversation.start_timeout = dice.pick({0ms, 5'000ms, 120'000ms});
  if (dice.one_in(3))
    tree.on_give_up = give_up_action::wait;
  return tree;
}

claude_session_config draw_claude_session(chance& dice) {
  claude_session_config result;
  result.queue.prompts = dice.pick<std::size_t>({1, 3, 50, 1024});
  result.queue.bytes = dice.pick<std::size_t>({200, 4096, 4 * 1024 * 1024});
  result.queue.in_flight = dice.pick<std::size_t>({1, 1, 1, 2, 4});
  result.permission_timeout = dice.pick({0ms, 0ms, 0ms, 500ms, 20'000ms});
  result.resume_retries = dice.pick({0u, 2u, 2u});
  result.max_backlog = dice.pick<std::uint64_t>({200'000, 256 * 1024 * 1024});
  result.checkpoint_distance
    = dice.pick<std::uint64_t>({3000, 20'000, 16 * 1024 * 1024});
  return result;
}

} // namespace

// Half a line whose writer has left while no agent was there can't be told from
// one whose writer goes on.
void run_plan::draw_ends(chance& dice) {
  auto keeps = mode == run_mode::keep;
  tree.conversation.leaves_claude = keeps;
  claude.answer_bytes = dice.pick<std::size_t>({0, 0, 700});
  host.half_line = 0;
  absence = dice.pick<time_span>({1ms, 100ms, 10s});
  early_deaths = dice.pick({0u, 2u, 4u});
  for (auto count = dice.between(1, 8); count > 0; --count)
    ends.push_back({dice.up_to(turmoil),
                    dice.one_in(4) ? 0 : dice.between(1, 30), dice.one_in(2),
                    !keeps || dice.one_in(4)});
}

agent_options run_plan::options() const {
  return {session.permission_timeout,
          tree.conversation.stall_timeout,
          drain.turn,
          session.resume_retries,
          !ends.empty(),
          session.encoder == encoder_kind::replies};
}

run_plan run_plan::draw(chance& dice, run_mode mode) {
  run_plan plan;
  auto raw = mode == run_mode::raw;
  plan.mode = mode;
  plan.child.raw = raw;
  plan.claude = claude_plan::draw(dice);
  plan.host = host_plan::draw(dice);
  plan.faults = fault_plan::draw(dice);
  plan.session = draw_claude_session(dice);
  plan.session.lines.max_line = plan.host.max_line;
  plan.segment = dice.pick<std::uint64_t>({200, 3000, 16 * 1024 * 1024});
  plan.child.command = {"claude", {"-p"}, {}, {}};
  plan.tree = draw_tree(dice);
  plan.session.task_patience = plan.tree.conversation.stall_timeout;
  if (plan.session.task_patience.count() == 0)
    plan.claude.endless = 0; // it would be waited for
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
  plan.watch = dice.pick<time_span>({0s, 0s, 1s, 10s});
  for (auto count = dice.below(3); count > 0; --count)
    plan.clock_jumps.emplace_back(
      dice.up_to(plan.turmoil),
      std::chrono::hours{static_cast<int>(dice.below(2000)) - 1000});
  if (dice.one_in(4))
    plan.supervisor_restarts = dice.pick<std::uint32_t>({0, 1, 5});
  for (auto count = dice.below(3); dice.one_in(3) && count > 0; --count)
    plan.full_disks.emplace_back(dice.up_to(plan.turmoil), dice.up_to(20s));
  plan.exit_on_eof = raw && dice.one_in(4);
  if (mode == run_mode::once) {
    plan.exit_on_eof = plan.host.leaves = dice.one_in(2);
    plan.host.half_line = plan.claude.permission = 0; // it must not leave early
    if (dice.one_in(2))
      plan.session.encoder = encoder_kind::replies;
  }
  if (mode == run_mode::keep || (mode == run_mode::claude && !dice.one_in(3)))
    plan.draw_ends(dice);
  return plan;
}

} // namespace container_agent::simulation
