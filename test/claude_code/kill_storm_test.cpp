#include "test/claude_code/claude_code.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/prompt_ledger.hpp"

#include <csignal>
#include <random>

/// The real Claude Code is killed again and again, at random moments of its
/// starts and of its turns.
namespace container_agent::test {

namespace {

// A start of Claude Code takes a second of a core, so `make test` has fewer.
constexpr std::size_t prompts_between_kills = 4;

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

TEST_F(claude_code, heavy_killed_over_and_over_answers_each_prompt_once) {
  const std::size_t kills = all_tests() ? 50 : 8;
  const auto prompts = kills * prompts_between_kills;
  agent_process agent{
    options({"--max-restarts", "1000", "--restart-delay", "0"})};
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
  for (std::size_t i = 0; i < prompts; ++i) {
    const auto& e = ledger.of(uuids[i]);
    EXPECT_EQ(e.accepted, 1) << text_of(i);
    EXPECT_EQ(e.results, 1) << text_of(i);
    EXPECT_EQ(e.ends(), 1) << text_of(i);
  }
  // Nor was any answered twice. (One that was killed after Claude Code had
  // saved it, but no answer, stands in the conversation twice. One that was
  // continued may have been answered by the continuation alone.)
  std::size_t unanswered = 0;
  auto asked = ask(agent, "RECALL it")["result"].get<std::string>();
  auto answered = ask(agent, "ANSWERS please")["result"].get<std::string>();
  for (std::size_t i = 0; i < prompts; ++i) {
    EXPECT_GE(count_of(asked, text_of(i)), 1U) << text_of(i);
    auto answers = count_of(answered, "You said: " + text_of(i));
    EXPECT_LE(answers, 1U) << text_of(i);
    unanswered += answers == 0 ? 1 : 0;
  }
  RecordProperty("continued", static_cast<int>(ledger.continued()));
  EXPECT_LE(unanswered, ledger.continued());
  EXPECT_THAT(ledger.torn(), testing::IsEmpty());
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
}

// The tools of these prompts run without asking as long as the permission mode
// is the one that the host has set, and not the command line's.
TEST_F(claude_code, heavy_killed_over_and_over_runs_no_tool_twice) {
  const std::size_t tool_kills = all_tests() ? 200 : 8;
  agent_process agent{
    options({"--max-restarts", "1000", "--restart-delay", "0"},
            {"--allow-dangerously-skip-permissions"})};
  std::mt19937 chance{20261201};
  ask(agent, "hello"); // from here on the session is saved
  agent.write_json(
    {{"type", "control_request"},
     {"request_id", "host-1"},
     {"request",
      {{"subtype", "set_permission_mode"}, {"mode", "bypassPermissions"}}}});
  agent.wait_for_type("control_response", deadline{turn_patience});
  prompt_ledger ledger{claude_pid(agent)};
  auto file = work() / "ran";
  std::vector<std::string> uuids;
  auto send_next = [&] {
    uuids.push_back(new_uuid());
    agent.prompt("BASH echo number " + std::to_string(uuids.size()) + ". >> "
                   + file.string(),
                 uuids.back());
  };
  while (uuids.size() < tool_kills)
    send_next();
  std::uniform_int_distribution<std::size_t> lines_between{8, 40};
  std::size_t killed = 0;
  auto left = lines_between(chance);
  while (ledger.ends() < uuids.size()) {
    auto line = agent.next_line(deadline{turn_patience});
    EXPECT_EQ(line.find("can_use_tool"), std::string::npos) << line;
    ledger.take(line);
    if (killed < tool_kills && ledger.ends() == uuids.size())
      send_next();
    if (--left > 0)
      continue;
    left = lines_between(chance);
    if (killed < tool_kills && ledger.kill_child())
      ++killed;
  }
  EXPECT_EQ(killed, tool_kills);
  for (const auto& uuid : uuids) {
    const auto& e = ledger.of(uuid);
    EXPECT_EQ(e.results, 1) << uuid;
    EXPECT_EQ(e.ends(), 1) << uuid;
  }
  auto ran = read_file(file);
  for (std::size_t i = 1; i <= uuids.size(); ++i)
    EXPECT_LE(count_of(ran, "number " + std::to_string(i) + ".\n"), 1U) << i;
  RecordProperty("continued", static_cast<int>(ledger.continued()));
  if (tool_kills >= 200) { // one in ten strikes behind what Claude has saved
    EXPECT_GT(ledger.continued(), 0U);
  }
  EXPECT_THAT(ledger.torn(), testing::IsEmpty());
}

} // namespace container_agent::test
