#include "test/integration/common.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/prompt_ledger.hpp"

#include <random>

/// Claude is killed again and again, at any moment.
namespace container_agent::test {

namespace {

constexpr std::size_t prompts_between_kills = 40;

// Enough on their way that Claude is never idle.
constexpr std::size_t open_at_once = 100;

std::string uuid_of(std::size_t number) {
  char text[37];
  std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012zu", number);
  return text;
}

} // namespace

TEST(heavy, every_prompt_is_answered_once_whatever_kills_claude) {
  agent_options options;
  options.args
    = {"--max-restarts", "1000", "--restart-delay", "0", "--log-level", "warn"};
  options.claude_args = {"--terse"};
  agent_process agent{options};
  std::mt19937 chance{20261124};
  const std::size_t storm_kills = sanitized() ? 50 : all_tests() ? 500 : 150;
  const auto storm_prompts = storm_kills * prompts_between_kills;
  // Twice the mean: three quarters of the prompts are for the kills, so that
  // there is time for those that meet no Claude at first.
  constexpr auto most_between = 3 * prompts_between_kills / 2;
  std::uniform_int_distribution<std::size_t> next_kill{1, most_between};

  prompt_ledger ledger;
  std::vector<std::string> uuids;
  std::size_t ended = 0;
  std::size_t killed = 0;
  std::size_t kill_at = next_kill(chance);
  // On a fast machine a kill meets no Claude more often: then it takes more
  // prompts until all kills are done.
  auto enough
    = [&] { return uuids.size() >= storm_prompts && killed >= storm_kills; };
  while (!enough() || ended < uuids.size()) {
    while (!enough() && uuids.size() - ended < open_at_once) {
      uuids.push_back(uuid_of(uuids.size()));
      agent.prompt("say something", uuids.back());
    }
    auto line = agent.next_line();
    auto before = ledger.ends();
    ledger.take(line);
    ended = ledger.ends();
    if (ended > before && ended >= kill_at && killed < storm_kills) {
      // A child that is just being replaced is another one by now: the next
      // `ready` tells.
      if (!ledger.kill_child())
        continue;
      ++killed;
      kill_at = ended + next_kill(chance);
    }
  }
  EXPECT_EQ(killed, storm_kills);
  for (const auto& uuid : uuids) {
    const auto& e = ledger.of(uuid);
    ASSERT_EQ(e.accepted, 1) << uuid;
    ASSERT_EQ(e.results, 1) << uuid;
    ASSERT_EQ(e.failed + e.rejected, 0) << uuid;
  }
  EXPECT_THAT(ledger.torn(), testing::IsEmpty());
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  RecordProperty("storm_kills", static_cast<int>(killed));
}

} // namespace container_agent::test
