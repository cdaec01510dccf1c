#include "test/integration/client.hpp"
#include "test/support/all_tests.hpp"

/// Claude that is silent, mute, or not to be had; and one that is not
/// restarted.
namespace container_agent::test {

namespace {

agent_options with(std::vector<std::string> more,
                   std::vector<std::string> claude_args = {}) {
  agent_options options;
  options.args = fast_restarts();
  options.args.insert(options.args.end(), more.begin(), more.end());
  options.claude_args = std::move(claude_args);
  return options;
}

/// A raw child that is not started again: how the agent ends with it.
exit_status end_of_raw(const std::string& script) {
  agent_options options;
  options.claude_command = "/bin/sh";
  options.args = {"--mode", "raw", "--once"};
  options.claude_args = {"-c", script};
  options.open_input = options.open_output = false;
  agent_process agent{options};
  return agent.wait_exit();
}

} // namespace

// -- stalls -------------------------------------------------------------------

TEST(stalls, are_interrupted) {
  agent_process agent{with({"--stall-timeout", "200ms"})};
  agent.prompt("hang", first_uuid);
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["subtype"], "error_during_execution") << result;
  agent.wait_for_log("turn_stalled");
  agent.write_line("next");
  EXPECT_EQ(agent.wait_for_answer("echo: next")["is_error"], false);
  EXPECT_EQ(lines_of(agent.state_dir() / "starts").size(), 1U);
}

TEST(stalls, that_heed_no_interrupt_end_in_a_restart_and_an_answer) {
  agent_process agent{with({"--stall-timeout", "200ms"})};
  agent.prompt("stubborn-once", first_uuid);
  auto restarting = agent.wait_for_record("restarting");
  EXPECT_THAT(restarting["reason"].get<std::string>(), HasSubstr("stalled"));
  EXPECT_EQ(agent.wait_for_record("resent")["uuid"], first_uuid);
  agent.wait_for_answer("echo: stubborn-once");
  agent.stop(); // Claude notes a turn as completed after its result.
  EXPECT_EQ(count_in(agent.state_dir() / "completed", first_uuid), 1U);
}

TEST(stalls, over_and_over_fail_the_prompt_and_nothing_else) {
  agent_process agent{with({"--stall-timeout", "200ms"})};
  agent.prompt("stubborn", first_uuid);
  agent.write_line("next");
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], first_uuid) << failed;
  EXPECT_EQ(failed["reason"], "stalled") << failed;
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_in(agent.state_dir() / "runs", first_uuid), 2U);
}

TEST(stalls, of_a_claude_that_reads_nothing_are_noticed_too) {
  agent_process agent{
    with({"--stall-timeout", "200ms", "--max-restarts", "20"})};
  agent.prompt("no-read", first_uuid);
  EXPECT_EQ(agent.wait_for_record("failed")["reason"], "stalled");
}

TEST(stalls, are_none_while_claude_waits_for_the_host) {
  agent_process agent{with({"--stall-timeout", "500ms"})};
  agent.prompt("ask", first_uuid);
  auto request = agent.wait_for_type("control_request");
  // Four times its patience, and then the answer.
  agent.write_json({{"type", "container_agent"}, {"subtype", "status"}});
  agent.wait_for_record("status");
  deadline patience{std::chrono::seconds{2}};
  EXPECT_THROW(agent.wait_for_record("restarting", patience),
               std::runtime_error);
  agent.write_json(
    {{"type", "control_response"},
     {"response",
      {{"subtype", "success"},
       {"request_id", request["request_id"]},
       {"response",
        {{"behavior", "allow"}, {"updatedInput", json::object()}}}}}});
  auto result = agent.wait_for_type("result");
  EXPECT_THAT(result["result"].get<std::string>(), HasSubstr("allow"));
}

TEST(stalls, at_the_start_are_restarts_and_then_the_end) {
  auto options = with({"--start-timeout", "100ms", "--max-restarts", "2"},
                      {"--no-initialize"});
  agent_process agent{options};
  agent.prompt("hello", first_uuid);
  EXPECT_EQ(agent.wait_for_record("failed")["reason"], "gave_up");
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
  // A slow one may be killed before it has noted that it began.
  auto log = agent.log();
  EXPECT_EQ(std::count_if(log.begin(), log.end(),
                          [](const json& line) {
                            return line.value("event", "") == "claude_started";
                          }),
            3);
}

TEST(faults, a_child_that_closes_its_stdout_and_stays_is_replaced) {
  agent_process agent{with({})};
  agent.prompt("close-stdout-once", first_uuid);
  agent.wait_for_log("stdout_lost");
  EXPECT_EQ(agent.wait_for_record("claude_exited")["signal"], SIGKILL);
  agent.wait_for_answer("echo: close-stdout-once");
}

// -- giving up ----------------------------------------------------------------

TEST(giving_up, may_mean_to_stay_and_say_so) {
  auto options = with({"--max-restarts", "1", "--on-give-up", "wait"},
                      {"--fail-start", "9"});
  agent_process agent{options};
  agent.prompt("first", first_uuid);
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["reason"], "gave_up") << failed;
  for (int i = 0; i < 3; ++i) {
    agent.write_line("more");
    auto rejected = agent.wait_for_record("rejected");
    EXPECT_EQ(rejected["reason"], "claude_unavailable") << rejected;
    EXPECT_THAT(rejected["detail"].get<std::string>(),
                HasSubstr("exit code 9"));
  }
  EXPECT_EQ(lines_of(agent.state_dir() / "starts").size(), 2U);
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
}

TEST(giving_up, fails_a_prompt_that_runs_when_it_comes_again) {
  auto options = with({"--max-restarts", "1", "--on-give-up", "wait"},
                      {"--fail-start-times", "2", "9"});
  agent_process agent{options};
  agent.prompt("first", first_uuid);
  EXPECT_EQ(agent.wait_for_record("failed")["reason"], "gave_up");
  EXPECT_EQ(ask_agent(agent, "restart-claude").status, yes);
  agent.wait_for_record("ready");
  agent.prompt("first", first_uuid);
  EXPECT_FALSE(agent.wait_for_record("accepted").contains("duplicate"));
  agent.wait_for_answer("echo: first");
}

// -- not restarted ------------------------------------------------------------

TEST(temporary_child, every_exit_code_is_passed_on) {
  for (int code = 0; code < 256; code += all_tests() ? 1 : 15)
    ASSERT_EQ(end_of_raw("exit " + std::to_string(code)),
              (exit_status{code, 0}));
}

TEST(temporary_child, a_signal_is_passed_on_as_128_and_its_number) {
  EXPECT_EQ(end_of_raw("kill -KILL $$"), (exit_status{137, 0}));
  EXPECT_EQ(end_of_raw("kill -TERM $$"), (exit_status{143, 0}));
}

TEST(temporary_child, a_claude_that_crashes_ends_the_agent) {
  agent_process agent{with({"--once"})};
  agent.prompt("crash 7", first_uuid);
  agent.wait_for_record("claude_exited");
  EXPECT_EQ(agent.wait_for_record("failed")["uuid"], first_uuid);
  EXPECT_EQ(agent.wait_exit(), (exit_status{7, 0}));
  EXPECT_EQ(lines_of(agent.state_dir() / "starts").size(), 1U);
}

} // namespace container_agent::test
