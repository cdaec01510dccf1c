#include "test/claude_code/claude_code.hpp"

#include <sys/stat.h>

/// What Claude Code does beside the host's prompts, and what it asks the host.
namespace container_agent::test {

namespace {

bool is_own_result(const json& line) {
  return line.value("type", "") == "result" && line.contains("origin");
}

/// Begins a task that reads a FIFO in its folder, and waits for the `result`
/// of the prompt that began it. A permission that is asked for is given.
void begin_task(agent_process& agent, const std::string& uuid) {
  agent.prompt("BACKGROUND cat gate", uuid);
  agent.wait_for(
    [&](const json& line) {
      if (line.value("type", "") == "control_request")
        agent.write_json(allow(line));
      return answers(line, uuid);
    },
    "the result of the prompt", deadline{turn_patience});
}

} // namespace

TEST_F(claude_code, a_task_in_the_background_is_waited_for_at_the_end) {
  make_fifo(work() / "gate");
  agent_process agent{options({"--drain-timeout", "5m"})};
  begin_task(agent, new_uuid());
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  open_write_close(work() / "gate", "done");
  auto result = agent.wait_for(is_own_result, "the turn after the task",
                               deadline{turn_patience});
  EXPECT_EQ(result["origin"]["kind"], "task-notification") << result;
  EXPECT_FALSE(result.contains("user_message_uuids")) << result;
  EXPECT_EQ(to_string(agent.wait_exit()), "exit code 0");
}

TEST_F(claude_code, a_task_that_does_not_end_is_stopped_in_time) {
  make_fifo(work() / "gate");
  agent_process agent{options({"--drain-timeout", "1ms"})};
  begin_task(agent, new_uuid());
  agent.send_signal(SIGTERM);
  EXPECT_EQ(to_string(agent.wait_exit()), "exit code 0");
  EXPECT_EQ(agent.wait_for_log("task_stopped")["level"], "warn");
  for (const auto& record : agent.log()) // it ended by itself
    EXPECT_NE(record["event"], "group_signalled") << record;
}

TEST_F(claude_code, a_permission_that_nobody_gives_is_denied_in_time) {
  agent_process agent{options({"--permission-timeout", "1ms"})};
  auto uuid = new_uuid();
  agent.prompt("TOUCH here", uuid);
  auto request = agent.wait_for(
    [](const json& line) {
      return line.value("type", "") == "control_request";
    },
    "the permission request", deadline{turn_patience});
  agent.wait_for_record("permission_timed_out");
  auto result = wait_for_result(agent, uuid);
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("The tool was refused: Nobody has answered"));
  EXPECT_FALSE(std::filesystem::exists(work() / "here"));
  // An answer that comes late is nothing to Claude Code.
  agent.write_json(allow(request));
  EXPECT_THAT(ask(agent, "hello")["result"].get<std::string>(),
              HasSubstr("You said: hello"));
  EXPECT_FALSE(std::filesystem::exists(work() / "here"));
}

} // namespace container_agent::test
