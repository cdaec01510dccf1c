#include "test/claude_code/claude_code.hpp"

#include <csignal>

#include <algorithm>

/// Claude Code dies, and what is said is neither lost nor said twice.
namespace container_agent::test {

namespace {

std::size_t results_for(const agent_process& agent, const std::string& uuid) {
  auto lines = seen(agent);
  return static_cast<std::size_t>(
    std::count_if(lines.begin(), lines.end(),
                  [&](const json& line) { return answers(line, uuid); }));
}

} // namespace

TEST_F(claude_code, killed_in_mid_turn_is_resumed_and_the_turn_run_again) {
  agent_process agent{options()};
  auto session = ask(agent, "my name is Ada")["session_id"];
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  auto killed = claude_pid(agent);
  ::kill(killed, SIGKILL);
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_EQ(exited["pid"], killed);
  EXPECT_EQ(exited["signal"], SIGKILL);
  EXPECT_EQ(exited["uuid"], uuid);
  EXPECT_EQ(agent.wait_for_record("restarting")["attempt"], 1);
  auto ready = agent.wait_for_record("ready");
  EXPECT_TRUE(ready["resumed"].get<bool>()) << ready;
  EXPECT_EQ(ready["session_id"], session);
  auto resent = agent.wait_for_record("resent");
  EXPECT_EQ(resent["uuid"], uuid);
  api_.wait_started("SLOW one", 2);
  api_.release();
  auto result = wait_for_result(agent, uuid);
  EXPECT_FALSE(result["is_error"].get<bool>());
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("You said: SLOW one"));
  EXPECT_EQ(result["session_id"], session);
  // Run to its end once, answered once, and nothing before it forgotten.
  EXPECT_THAT(ask(agent, "RECALL it")["result"].get<std::string>(),
              testing::StartsWith("Until now you said: my name is Ada | "));
  EXPECT_EQ(api_.runs("SLOW one").finished, 1U);
  EXPECT_EQ(results_for(agent, uuid), 0U) << "a second result";
}

TEST_F(claude_code, killed_while_idle_is_resumed) {
  agent_process agent{options()};
  auto session = ask(agent, "my name is Ada")["session_id"];
  ::kill(claude_pid(agent), SIGKILL);
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_FALSE(exited.contains("uuid")) << exited;
  auto ready = agent.wait_for_record("ready");
  EXPECT_TRUE(ready["resumed"].get<bool>()) << ready;
  EXPECT_EQ(ready["session_id"], session);
  EXPECT_EQ(ask(agent, "RECALL it")["result"],
            "Until now you said: my name is Ada");
  EXPECT_EQ(api_.runs("my name is Ada").started, 1U);
}

TEST_F(claude_code, prompts_that_wait_outlive_a_crash) {
  agent_process agent{options()};
  ask(agent, "hello");
  auto slow = new_uuid();
  auto second = new_uuid();
  auto third = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("second", second);
  agent.prompt("third", third);
  ::kill(claude_pid(agent), SIGKILL);
  api_.wait_started("SLOW one", 2);
  api_.release();
  for (const auto& uuid : {slow, second, third})
    EXPECT_FALSE(wait_for_result(agent, uuid)["is_error"].get<bool>());
  for (const auto* text : {"SLOW one", "second", "third"})
    EXPECT_EQ(api_.runs(text).finished, 1U) << text;
}

TEST_F(claude_code, killed_before_any_prompt_starts_afresh) {
  agent_process agent{options()};
  auto killed = agent.wait_for_record("ready")["pid"].get<pid_t>();
  ::kill(killed, SIGKILL);
  agent.wait_for_record("claude_exited");
  auto ready = agent.wait_for_record("ready");
  EXPECT_NE(ready["pid"], killed);
  EXPECT_EQ(ask(agent, "hello")["result"],
            "You said: hello (this is turn 1 of our conversation)");
}

TEST_F(claude_code, killed_as_its_first_turn_begins_still_answers_once) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  agent.prompt("SLOW first", uuid);
  // By now Claude Code has named its session but may not have saved it: to
  // resume works or not, and either way the prompt is answered.
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, uuid, "started"); },
    "the first turn");
  ::kill(claude_pid(agent), SIGKILL);
  agent.wait_for_record("claude_exited");
  agent.wait_for_record("resent");
  api_.release();
  auto result = wait_for_result(agent, uuid);
  EXPECT_FALSE(result["is_error"].get<bool>());
  EXPECT_EQ(api_.runs("SLOW first").finished, 1U);
  ask(agent, "next");
}

TEST_F(claude_code, says_that_a_session_is_lost_and_answers_all_the_same) {
  agent_process agent{options()};
  auto session = ask(agent, "my name is Ada")["session_id"];
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  ::kill(claude_pid(agent), SIGSTOP); // so that it saves nothing meanwhile
  forget_conversations();
  ::kill(claude_pid(agent), SIGKILL);
  EXPECT_EQ(agent.wait_for_record("session_lost")["session_id"], session);
  auto ready = agent.wait_for_record("ready");
  EXPECT_FALSE(ready["resumed"].get<bool>()) << ready;
  EXPECT_EQ(agent.wait_for_record("resent")["uuid"], uuid);
  api_.wait_started("SLOW one", 2);
  api_.release();
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["result"],
            "You said: SLOW one (this is turn 1 of our conversation)");
  EXPECT_NE(result["session_id"], session);
}

TEST_F(claude_code, an_unknown_session_among_its_arguments_is_lost) {
  constexpr auto unknown = "6a3e6a6e-1111-4222-8333-444444444444";
  agent_process agent{options({}, {"--resume", unknown})};
  auto uuid = new_uuid();
  agent.prompt("hello", uuid);
  EXPECT_EQ(agent.wait_for_record("session_lost")["session_id"], unknown);
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["result"],
            "You said: hello (this is turn 1 of our conversation)");
  EXPECT_NE(result["session_id"], unknown);
}

// -- prompts that come again --------------------------------------------------

TEST_F(claude_code, a_completed_prompt_sent_again_is_not_run_again) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  ask(agent, "once", uuid);
  agent.prompt("once", uuid);
  auto accepted = agent.wait_for_record("accepted");
  EXPECT_EQ(accepted["uuid"], uuid);
  EXPECT_TRUE(accepted.value("duplicate", false)) << accepted;
  EXPECT_EQ(ask(agent, "RECALL it")["result"], "Until now you said: once");
  EXPECT_EQ(api_.runs("once").started, 1U);
}

TEST_F(claude_code, a_prompt_of_an_earlier_agent_is_not_run_again) {
  auto uuid = new_uuid();
  std::string session;
  {
    agent_process agent{options()};
    session = ask(agent, "once", uuid)["session_id"];
    EXPECT_EQ(agent.stop().code, 0);
  }
  agent_process agent{options({}, {"--resume", session})};
  EXPECT_TRUE(agent.wait_for_record("ready")["resumed"].get<bool>());
  agent.prompt("once", uuid);
  // This agent cannot know; Claude Code does and gives no result.
  EXPECT_EQ(agent.wait_for_record("failed")["uuid"], uuid);
  EXPECT_EQ(ask(agent, "RECALL it")["result"], "Until now you said: once");
  EXPECT_EQ(api_.runs("once").started, 1U);
}

TEST_F(claude_code, transparent_hosts_get_the_replay_of_a_repeated_prompt) {
  agent_process agent{options({"--transparent"})};
  auto uuid = new_uuid();
  ask(agent, "once", uuid);
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, uuid, "completed"); },
    "the end of the command");
  agent.prompt("once", uuid);
  auto replay = agent.wait_for_type("user");
  EXPECT_EQ(replay["uuid"], uuid);
  EXPECT_TRUE(replay.value("isReplay", false)) << replay;
  ask(agent, "next");
  EXPECT_EQ(api_.runs("once").started, 1U);
}

} // namespace container_agent::test
