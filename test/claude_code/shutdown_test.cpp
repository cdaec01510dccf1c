#include "test/claude_code/claude_code.hpp"

#include <cerrno>
#include <csignal>

/// The orderly end.
namespace container_agent::test {

namespace {

constexpr auto gracefully = "exit code 0";

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

} // namespace

TEST_F(claude_code, ends_at_once_when_idle) {
  agent_process agent{options()};
  ask(agent, "hello");
  auto child = claude_pid(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
  EXPECT_TRUE(is_gone(child));
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
  EXPECT_EQ(kind_of(agent.output_path()), "missing");
}

TEST_F(claude_code, ends_while_claude_starts) {
  agent_process agent{options()};
  agent.send_signal(SIGTERM);
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
}

TEST_F(claude_code, finishes_its_turn_before_it_ends) {
  agent_process agent{options({"--drain-timeout", "30s"})};
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  auto child = claude_pid(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  api_.release();
  auto result = wait_for_result(agent, uuid);
  EXPECT_FALSE(result["is_error"].get<bool>());
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("You said: SLOW one"));
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
  EXPECT_TRUE(is_gone(child));
}

TEST_F(claude_code, fails_the_prompts_that_wait_when_it_ends) {
  agent_process agent{options({"--drain-timeout", "30s"})};
  auto slow = new_uuid();
  auto waiting = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("waiting", waiting);
  agent.wait_for(
    [&](const json& line) {
      return line.value("subtype", "") == "accepted" && line["uuid"] == waiting;
    },
    "the prompt is accepted");
  agent.send_signal(SIGINT);
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], waiting);
  EXPECT_EQ(failed["reason"], "shutting_down");
  api_.release();
  wait_for_result(agent, slow);
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
  EXPECT_EQ(api_.runs("waiting").started, 0U);
}

TEST_F(claude_code, interrupts_a_turn_that_takes_too_long_at_the_end) {
  agent_process agent{options({"--drain-timeout", "1ms"})};
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  auto child = claude_pid(agent);
  agent.send_signal(SIGTERM);
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["terminal_reason"], "aborted_streaming") << result;
  // Claude Code ends with 1 after an interrupted turn; the agent was asked to.
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
  EXPECT_TRUE(is_gone(child));
}

TEST_F(claude_code, a_second_signal_hurries) {
  agent_process agent{options({"--drain-timeout", "1h"})};
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  auto child = claude_pid(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  agent.send_signal(SIGTERM);
  EXPECT_EQ(to_string(agent.wait_exit()), gracefully);
  EXPECT_TRUE(is_gone(child));
}

TEST_F(claude_code, a_conversation_goes_on_in_the_next_agent) {
  std::string session;
  {
    agent_process agent{options()};
    session = ask(agent, "my name is Ada")["session_id"];
    EXPECT_EQ(to_string(agent.stop()), gracefully);
  }
  agent_process agent{options({}, {"--resume", session})};
  auto result = ask(agent, "RECALL it");
  EXPECT_EQ(result["result"], "Until now you said: my name is Ada");
  EXPECT_EQ(result["session_id"], session);
}

} // namespace container_agent::test
