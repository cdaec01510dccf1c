#include "test/claude_code/claude_code.hpp"
#include "test/support/prompt_ledger.hpp"

#include <csignal>
#include <random>

/// The real Claude Code is killed again and again, at random moments of its
/// starts and of its turns.
namespace container_agent::test {

namespace {

constexpr std::size_t prompts = 200;
constexpr std::size_t kills = 50;

std::string text_of(std::size_t number) {
  return "prompt number " + std::to_string(number) + ".";
}

std::size_t count_of(const std::string& all, const std::string& one) {
  std::size_t count = 0;
  for (auto at = all.find(one); at != std::string::npos;
       at = all.find(one, at + 1))
    ++count;
  return count;
}

} // namespace

TEST_F(claude_code, heavy_killed_fifty_times_answers_each_prompt_once) {
  agent_process agent{options({"--max-restarts", "1000", "--restart-delay",
                               "0ms", "--restart-delay-max", "1ms"})};
  std::mt19937 chance{20261124};
  ask(agent, "hello"); // from here on the session is saved
  prompt_ledger ledger{claude_pid(agent)};
  std::vector<std::string> uuids;
  for (std::size_t i = 0; i < prompts; ++i) {
    uuids.push_back(new_uuid());
    agent.prompt(text_of(i), uuids.back());
  }
  // A turn is some ten lines, a start two: a kill follows a line that is drawn,
  // at once, so it strikes at any moment of either.
  std::uniform_int_distribution<std::size_t> lines_between{5, 40};
  std::size_t killed = 0;
  auto left = lines_between(chance);
  while (ledger.ends() < prompts) {
    ledger.take(agent.next_line(deadline{turn_patience}));
    if (--left > 0)
      continue;
    left = lines_between(chance);
    if (killed < kills && ledger.kill_child())
      ++killed;
  }
  EXPECT_EQ(killed, kills);
  std::size_t without_result = 0;
  for (std::size_t i = 0; i < prompts; ++i) {
    const auto& e = ledger.of(uuids[i]);
    EXPECT_EQ(e.accepted, 1) << text_of(i);
    EXPECT_EQ(e.ends(), 1) << text_of(i);
    // Killed between saving the answer and telling its end, Claude Code does
    // not run the prompt again, and has no `result` of it to tell.
    without_result += e.results == 0 ? 1 : 0;
  }
  // Nor was any answered twice. (One that was killed after Claude Code had
  // saved it, but no answer, stands in the conversation twice.)
  auto asked = ask(agent, "RECALL it")["result"].get<std::string>();
  auto answered = ask(agent, "ANSWERS please")["result"].get<std::string>();
  for (std::size_t i = 0; i < prompts; ++i) {
    EXPECT_GE(count_of(asked, text_of(i)), 1U) << text_of(i);
    EXPECT_EQ(count_of(answered, "You said: " + text_of(i)), 1U) << text_of(i);
  }
  RecordProperty("without_result", static_cast<int>(without_result));
  EXPECT_LE(without_result, kills / 10);
  EXPECT_THAT(ledger.torn(), testing::IsEmpty());
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
}

} // namespace container_agent::test
