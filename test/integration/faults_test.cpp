#include "test/integration/common.hpp"

/// Claude Code ends unasked, or does not even begin.
namespace container_agent::test {

namespace {

agent_options quick(std::vector<std::string> more = {}) {
  agent_options options;
  options.args = fast_restarts();
  options.args.insert(options.args.end(), more.begin(), more.end());
  return options;
}

/// The subtypes of the agent's own records so far, in order.
std::vector<std::string> subtypes(const agent_process& agent) {
  std::vector<std::string> result;
  for (const auto& line : agent.passed_over()) {
    auto record = json::parse(line, nullptr, false);
    if (record.is_object() && record.value("type", "") == "container_agent")
      result.push_back(record["subtype"]);
  }
  return result;
}

std::size_t count_of(const std::vector<std::string>& all,
                     const std::string& one) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), one));
}

} // namespace

TEST(faults, a_crash_in_a_turn_is_made_good) {
  agent_process agent{quick()};
  agent.prompt("hello", second_uuid);
  auto session = agent.wait_for_answer("echo: hello")["session_id"];
  auto pid = agent.child_pid();
  agent.prompt("crash-once 7", first_uuid);
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_EQ(exited["exit_code"], 7) << exited;
  EXPECT_EQ(exited["pid"], pid) << exited;
  EXPECT_EQ(exited["uuid"], first_uuid) << exited;
  EXPECT_FALSE(exited.contains("signal")) << exited;
  auto restarting = agent.wait_for_record("restarting");
  EXPECT_EQ(restarting["attempt"], 1) << restarting;
  EXPECT_TRUE(restarting["delay_ms"].is_number()) << restarting;
  EXPECT_FALSE(restarting["reason"].get<std::string>().empty());
  auto ready = agent.wait_for_record("ready");
  EXPECT_EQ(ready["resumed"], true) << ready;
  EXPECT_EQ(ready["session_id"], session) << ready;
  EXPECT_NE(ready["pid"], pid) << ready;
  auto resent = agent.wait_for_record("resent");
  EXPECT_EQ(resent["uuid"], first_uuid) << resent;
  EXPECT_EQ(resent["attempt"], 1) << resent;
  auto result = agent.wait_for_answer("echo: crash-once");
  EXPECT_EQ(result["session_id"], session);
  EXPECT_EQ(count_in(agent.state_dir() / "runs", first_uuid), 2U);
  agent.write_line("next");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: next");
}

TEST(faults, a_kill_in_a_turn_is_made_good) {
  agent_process agent{quick()};
  agent.prompt("kill-once", first_uuid);
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_EQ(exited["signal"], SIGKILL) << exited;
  EXPECT_FALSE(exited.contains("exit_code")) << exited;
  agent.wait_for_answer("echo: kill-once");
  EXPECT_THAT(subtypes(agent),
              testing::IsSupersetOf({"restarting", "ready", "resent"}));
}

TEST(faults, an_exit_0_unasked_is_a_crash_too) {
  agent_process agent{quick()};
  agent.prompt("exit-after 0", first_uuid);
  agent.wait_for_answer("echo: exit-after");
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_EQ(exited["exit_code"], 0) << exited;
  EXPECT_FALSE(exited.contains("uuid")) << "nothing was in flight: " << exited;
  EXPECT_EQ(agent.wait_for_record("ready")["resumed"], true);
  agent.write_line("next");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: next");
  EXPECT_EQ(count_of(subtypes(agent), "resent"), 0U);
}

TEST(faults, a_kill_of_the_idle_child_is_made_good) {
  agent_process agent{quick()};
  agent.write_line("hello");
  auto session = agent.wait_for_answer("echo: hello")["session_id"];
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("claude_exited");
  EXPECT_EQ(agent.wait_for_record("ready")["session_id"], session);
  agent.write_line("again");
  auto result = agent.wait_for_answer("echo: again");
  EXPECT_EQ(result["session_id"], session);
}

TEST(faults, prompts_that_wait_keep_their_order_over_a_crash) {
  agent_process agent{quick()};
  agent.prompt("crash-once 1", first_uuid);
  for (int i = 0; i < 20; ++i)
    agent.write_line("number " + std::to_string(i) + ".");
  agent.wait_for_answer("echo: crash-once");
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(agent.wait_for_type("result")["result"],
              "echo: number " + std::to_string(i) + ".");
  agent.stop(); // Claude notes a turn as completed after its result.
  EXPECT_EQ(lines_of(agent.state_dir() / "completed").size(), 21U);
}

TEST(faults, prompts_written_while_claude_is_down_are_not_lost) {
  agent_options options;
  options.args = {"--restart-delay", "300ms"};
  agent_process agent{options};
  agent.prompt("crash-once 1", first_uuid);
  agent.wait_for_record("restarting");
  agent.write_line("meanwhile");
  agent.wait_for_record("accepted");
  agent.wait_for_answer("echo: crash-once");
  agent.wait_for_answer("echo: meanwhile");
}

TEST(faults, a_lost_session_is_told_and_begun_anew) {
  agent_process agent{quick()};
  agent.write_line("hello");
  auto session = agent.wait_for_answer("echo: hello")["session_id"];
  agent.prompt("vanish-once", first_uuid);
  auto lost = agent.wait_for_record("session_lost");
  EXPECT_EQ(lost["session_id"], session) << lost;
  auto ready = agent.wait_for_record("ready");
  EXPECT_EQ(ready["resumed"], false) << ready;
  auto result = agent.wait_for_answer("echo: vanish-once");
  EXPECT_NE(result["session_id"], session);
  agent.stop(); // Claude notes a turn as completed after its result.
  EXPECT_EQ(count_in(agent.state_dir() / "completed", first_uuid), 1U);
}

TEST(faults, a_prompt_that_always_kills_is_given_up) {
  agent_process agent{quick({"--max-restarts", "20"})};
  agent.prompt("crash 3", first_uuid);
  agent.write_line("next");
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], first_uuid) << failed;
  EXPECT_FALSE(failed["reason"].get<std::string>().empty()) << failed;
  EXPECT_EQ(count_in(agent.state_dir() / "runs", first_uuid), 4U)
    << "once, and three times again";
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: next");
}

TEST(faults, a_slow_start_after_failed_ones) {
  auto options = quick();
  options.claude_args = {"--fail-start-times", "3", "9"};
  agent_process agent{options};
  agent.write_line("hello");
  for (int attempt = 1; attempt <= 3; ++attempt)
    EXPECT_EQ(agent.wait_for_record("restarting")["attempt"], attempt);
  agent.wait_for_answer("echo: hello");
}

TEST(faults, a_crash_loop_ends_in_exit_code_5) {
  auto options = quick({"--max-restarts", "3"});
  options.claude_args = {"--fail-start", "9"};
  agent_process agent{options};
  agent.prompt("never answered", first_uuid);
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], first_uuid) << failed;
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
  EXPECT_EQ(lines_of(agent.state_dir() / "starts").size(), 4U)
    << "the first start, and three more";
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
}

TEST(faults, no_restarts_if_none_are_allowed) {
  agent_process agent{quick({"--max-restarts", "0"})};
  agent.write_line("crash 3");
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
  EXPECT_EQ(lines_of(agent.state_dir() / "starts").size(), 1U);
}

TEST(faults, old_restarts_are_forgotten) {
  agent_process agent{quick({"--max-restarts", "2", "--restart-window", "50ms",
                             "--restart-delay", "60ms"})};
  for (int i = 0; i < 5; ++i) {
    auto text = "kill-once ; number " + std::to_string(i) + ".";
    agent.write_line(text);
    agent.wait_for_answer(text);
  }
}

// -- Claude that cannot be started --------------------------------------------

TEST(faults, a_missing_claude_ends_the_start) {
  agent_options options;
  options.claude_command = "/nowhere/claude";
  options.open_input = options.open_output = false;
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{4, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr("/nowhere/claude"));
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
}

TEST(faults, a_name_that_is_not_in_path_ends_the_start) {
  agent_options options;
  options.claude_command = "no-such-program-anywhere";
  options.open_input = options.open_output = false;
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{4, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr("no-such-program-anywhere"));
}

TEST(faults, a_claude_that_is_no_program_ends_the_start) {
  temp_dir dir;
  write_file(dir / "plain", "text");
  agent_options options;
  options.claude_command = dir / "plain";
  options.open_input = options.open_output = false;
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{4, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr((dir / "plain").string()));
}

// -- what a child leaves behind -----------------------------------------------

TEST(faults, grandchildren_of_a_dead_child_are_ended) {
  agent_process agent{quick()};
  agent.write_line("grandchild ; exit-after 3");
  auto grandchild = grandchild_in(agent.wait_for_type("result"));
  agent.wait_for_record("claude_exited");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  wait_gone(grandchild);
}

TEST(faults, grandchildren_that_went_away_are_ended_too) {
  agent_process agent{quick()};
  agent.write_line("grandchild-away ; exit-after 3");
  auto grandchild = grandchild_in(agent.wait_for_type("result"));
  // It held the dead child's pipes.
  agent.wait_for_record("claude_exited");
  EXPECT_FALSE(is_alive(grandchild));
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST(faults, garbage_from_claude_is_no_fault) {
  agent_process agent{quick()};
  agent.write_line("garbage");
  agent.wait_for_answer("echo: garbage");
  agent.write_line("next");
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_of(subtypes(agent), "claude_exited"), 0U);
}

TEST(faults, an_api_error_is_no_crash) {
  agent_process agent{quick()};
  agent.write_line("api-error");
  EXPECT_EQ(agent.wait_for_type("result")["is_error"], true);
  agent.write_line("next");
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_of(subtypes(agent), "claude_exited"), 0U);
}

TEST(faults, a_turn_without_a_result_does_not_hold_the_next_up) {
  agent_process agent{quick()};
  agent.write_line("no-result");
  agent.write_line("next");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: next");
}

TEST(faults, a_half_line_of_a_dead_child_does_not_spoil_the_next_line) {
  agent_process agent{quick()};
  agent.write_line(R"(partial {"type":"assist)");
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
  ::kill(agent.child_pid(), SIGKILL);
  // Parsed as JSON, so it stands in a line of its own.
  agent.wait_for_record("claude_exited");
  agent.wait_for_record("resent");
}

} // namespace container_agent::test
