#include "test/integration/client.hpp"
#include "test/support/kept_host.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <csignal>
#include <sstream>

/// Claude outlives the agent, and the next one goes on with it.
namespace container_agent::test {

namespace {

/// A turn that goes on when told to.
class turn_gate {
public:
  explicit turn_gate(const kept_host& host) : path_{host.dir() / "gate"} {
    make_fifo(path_);
  }

  [[nodiscard]] std::string prompt() const { return "gate " + path_.string(); }
  void open() const { open_write_close(path_, "x"); }

private:
  std::filesystem::path path_;
};

bool begins(const json& line, std::string_view uuid) {
  return line.value("type", "") == "command_lifecycle"
         && line.value("command_uuid", "") == uuid
         && line.value("state", "") == "started";
}

} // namespace

TEST(keep_claude, a_turn_goes_on_through_a_killed_agent_and_is_answered_once) {
  kept_host host;
  turn_gate gate{host};
  host.start_agent();
  auto ready = host.wait_for_record("ready");
  EXPECT_FALSE(ready["attached"].get<bool>());
  EXPECT_EQ(ready["pid"], host.claude_pid());
  host.prompt(gate.prompt(), "u-1");
  host.wait_for([](const json& line) { return begins(line, "u-1"); }, "a turn");
  host.kill_agent();
  gate.open();
  host.start_agent();
  // Claude's lines may come first.
  json result;
  host.wait_for(
    [&](const json& line) {
      if (line.value("type", "") == "result")
        result = line;
      if (line.value("subtype", "") == "ready")
        ready = line;
      return !result.is_null() && ready["attached"] == true;
    },
    "the answer, and ready");
  EXPECT_EQ(result["is_error"], false);
  EXPECT_EQ(ready["pid"], host.claude_pid());
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 1U);
  EXPECT_EQ(count_in(host.state_dir() / "runs", "u-1"), 1U);
}

TEST(keep_claude, an_agent_that_gives_up_leaves_claude_and_all_prompts) {
  kept_host host{{"--max-restarts", "0"}};
  turn_gate gate{host};
  host.start_agent(throwing_agent_binary(),
                   {{"THROWING_AGENT_PAUSE", "0"},
                    {"THROWING_AGENT_ONLY",
                     "conversation ::container_agent::restart_claude before"}});
  auto claude = host.wait_for_record("ready")["pid"];
  host.prompt(gate.prompt(), "u-1");
  host.prompt("second", "u-2");
  host.wait_for([](const json& line) { return begins(line, "u-1"); }, "a turn");
  run_program({"restart-claude", "--pipe-dir", host.dir() / "pipes"});
  EXPECT_EQ(host.agent().wait_exit().code, 6) << host.agent().stderr_text();
  host.start_agent();
  EXPECT_EQ(host.wait_for_record("ready")["pid"], claude);
  gate.open();
  for (const auto* uuid : {"u-1", "u-2"}) {
    EXPECT_EQ(host.wait_for_result(uuid)["is_error"], false);
    EXPECT_EQ(count_in(host.state_dir() / "runs", uuid), 1U);
  }
  for (const auto* record : {"\"failed\"", "\"rejected\"", "\"stopping\""})
    EXPECT_EQ(host.stream().find(record), std::string::npos) << record;
}

TEST(keep_claude, prompts_that_wait_are_there_for_the_next_agent) {
  kept_host host;
  turn_gate gate{host};
  host.start_agent();
  host.prompt(gate.prompt(), "u-1");
  host.prompt("second", "u-2");
  host.prompt("third", "u-3");
  host.wait_for([](const json& line) { return begins(line, "u-1"); }, "a turn");
  host.kill_agent();
  host.start_agent();
  gate.open();
  for (const auto* uuid : {"u-1", "u-2", "u-3"}) {
    host.wait_for_result(uuid);
    EXPECT_EQ(count_in(host.state_dir() / "runs", uuid), 1U);
  }
}

TEST(keep_claude, sigterm_leaves_claude_in_mid_turn) {
  kept_host host;
  turn_gate gate{host};
  host.start_agent();
  host.prompt(gate.prompt(), "u-1");
  host.wait_for([](const json& line) { return begins(line, "u-1"); }, "a turn");
  EXPECT_EQ(host.end_agent(SIGTERM).code, 0);
  EXPECT_EQ(kind_of(host.dir() / "pipes/claude.in.fifo"), "fifo");
  EXPECT_EQ(::kill(host.claude_pid(), 0), 0);
  host.start_agent();
  gate.open();
  host.wait_for_result("u-1");
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 1U);
}

TEST(keep_claude, half_a_line_waits_for_its_other_half_and_the_next_agent) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.prompt("hello", "u-1");
  host.write(R"({"type":"user","uuid":"u-2","message":{"role":)");
  host.wait_for_result("u-1");
  EXPECT_EQ(host.end_agent(SIGTERM).code, 0);
  host.start_agent();
  host.write(R"("user","content":"again"}})"
             "\n");
  host.wait_for_result("u-2");
  EXPECT_EQ(lines_of(host.state_dir() / "runs").size(), 2U);
}

TEST(keep_claude, half_a_line_is_refused_where_nothing_goes_on) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.prompt("hello", "u-1");
  host.write(R"({"type":"user","uuid":"u-2","message":{"role":)");
  host.wait_for_result("u-1");
  host.agent().send_signal(SIGINT);
  EXPECT_EQ(host.wait_for_record("rejected")["reason"], "invalid_json");
}

TEST(keep_claude, sigint_ends_claude_too_and_the_conversation) {
  kept_host host;
  host.start_agent();
  auto claude = host.wait_for_record("ready")["pid"].get<pid_t>();
  host.prompt("hello", "u-1");
  auto session = host.wait_for_result("u-1")["session_id"];
  EXPECT_EQ(host.end_agent(SIGINT).code, 0);
  EXPECT_NE(::kill(claude, 0), 0);
  EXPECT_EQ(kind_of(host.log_dir() / "shim.sock"), "missing");
  EXPECT_THAT(host.events(), HasSubstr(R"("subtype":"ended")"));
  host.start_agent();
  host.prompt("again", "u-2");
  EXPECT_NE(host.wait_for_result("u-2")["session_id"], session);
}

TEST(keep_claude, one_that_died_while_no_agent_was_there_is_resumed) {
  kept_host host;
  host.start_agent();
  host.prompt("hello", "u-1");
  auto session = host.wait_for_result("u-1")["session_id"];
  host.kill_agent();
  auto claude = host.claude_pid();
  ::kill(claude, SIGKILL);
  wait_gone(claude);
  host.start_agent();
  host.wait_for([](const json& x) { return x.value("subtype", "") == "ready"; },
                "the first ready");
  host.prompt("again", "u-2");
  EXPECT_EQ(host.wait_for_result("u-2")["session_id"], session);
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 2U);
  EXPECT_NE(host.claude_pid(), claude);
}

TEST(keep_claude, how_one_that_was_taken_over_ended_is_known) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.kill_agent();
  host.start_agent();
  host.wait_for(
    [](const json& x) {
      return x.value("subtype", "") == "ready" && x["attached"] == true;
    },
    "ready again");
  ::kill(host.claude_pid(), SIGTERM);
  EXPECT_EQ(host.wait_for_record("claude_exited")["exit_code"], 143);
}

TEST(keep_claude, how_one_ended_while_no_agent_was_there_is_known) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.kill_agent();
  auto claude = host.claude_pid();
  ::kill(claude, SIGKILL);
  wait_gone(claude);
  host.start_agent();
  auto exited = host.wait_for_record("claude_exited");
  EXPECT_EQ(exited["pid"], claude);
  EXPECT_EQ(exited.value("signal", 0), SIGKILL) << exited;
}

// The agent that has started another Claude is killed before it could send the
// prompt to it.
TEST(keep_claude, a_prompt_of_one_that_died_is_sent_to_the_next_ones_claude) {
  temp_dir dir;
  auto starts = (dir / "starts").string();
  write_file(dir / "slow", "#!/bin/sh\n"
                           "echo start >>"
                             + starts
                             + "\n"
                               "test $(wc -l <"
                             + starts
                             + ") = 1 ||"
                               " read line <"
                             + (dir / "gate").string()
                             + "\n"
                               "exec "
                             + fake_claude_binary() + " \"$@\"\n");
  ::chmod((dir / "slow").c_str(), 0755);
  make_fifo(dir / "gate");
  kept_host host{{}, {}, dir / "slow"};
  turn_gate gate{host};
  host.start_agent();
  host.prompt(gate.prompt(), "u-1");
  host.wait_for([](const json& line) { return begins(line, "u-1"); }, "a turn");
  auto claude = host.claude_pid();
  host.kill_agent();
  ::kill(claude, SIGKILL);
  wait_gone(claude);
  directory_watch watch{dir.path(), IN_MODIFY};
  host.start_agent();
  watch.wait_until([&] { return lines_of(starts).size() == 2; },
                   "the second start");
  host.kill_agent();
  host.start_agent();
  open_write_close(dir / "gate", "x\n");
  host.wait_for([](const json& line) { return begins(line, "u-1"); },
                "the turn again");
  gate.open();
  host.wait_for_result("u-1");
}

// Nobody reads, so the result is nowhere but in the log when all die.
TEST(keep_claude, a_result_that_nobody_has_read_is_there_after_all_have_died) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.prompt("hello", "u-0");
  host.wait_for_result("u-0");
  directory_watch log{host.log_dir(), IN_MODIFY};
  host.prompt("flood 200000", "u-1");
  while (host.unwritten() > 0)
    host.step(1, deadline{});
  log.wait_until(
    [&] {
      return host.events().find(R"("user_message_uuid":"u-1")")
             != std::string::npos;
    },
    "the result");
  host.kill_everything();
  host.start_agent();
  host.wait_for_result("u-1");
  host.prompt("again", "u-2");
  host.wait_for_result("u-2");
  EXPECT_EQ(host.stream().find(R"("failed")"), std::string::npos);
  EXPECT_EQ(count_in(host.state_dir() / "runs", "u-1"), 1U);
}

// Nobody reads, so all that both Claudes say is there for the second agent.
TEST(keep_claude, half_a_line_of_a_dead_one_is_not_the_next_ones_to_end) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  directory_watch starts{host.state_dir(), IN_MODIFY};
  host.prompt(R"(flood 200000 ; cut-once {"type":"assistant","half":)", "u-1");
  while (host.unwritten() > 0)
    host.step(1, deadline{});
  starts.wait_until(
    [&] { return count_in(host.state_dir() / "runs", "u-1") == 2; },
    "the second run");
  host.kill_agent();
  host.start_agent();
  host.wait_for_result("u-1");
  std::istringstream lines{host.stream()};
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(json::accept(line)) << "torn: " << line.substr(0, 400);
  EXPECT_EQ(host.stream().find(R"({"type":"assistant","half")"),
            std::string::npos);
}

// Its pipes have no end that could be seen.
TEST(keep_claude, one_that_closes_its_stdout_stalls_and_is_started_again) {
  kept_host host{{"--stall-timeout", "100ms"}};
  host.start_agent();
  host.prompt("close-stdout-once", "u-1");
  host.wait_for_result("u-1");
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 2U);
}

TEST(keep_claude, a_second_agent_is_refused_and_told_of_the_first) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  auto first = host.agent().pid();
  agent_options options;
  options.pipe_dir = host.dir() / "other";
  options.args = {"--keep-claude", "--state-dir", host.log_dir()};
  options.open_input = options.open_output = false;
  agent_process second{options};
  EXPECT_EQ(second.wait_exit().code, 7);
  EXPECT_THAT(second.stderr_text(),
              HasSubstr("(pid " + std::to_string(first) + ")"));
}

TEST(keep_claude, the_one_left_is_not_for_an_agent_that_does_not_keep) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.prompt("hello", "u-1");
  host.wait_for_result("u-1");
  host.kill_agent();
  agent_options options;
  options.pipe_dir = host.dir() / "other";
  options.args = {"--attach", std::to_string(host.claude_pid())};
  options.attach = true;
  options.open_input = options.open_output = false;
  agent_process plain{options};
  EXPECT_EQ(plain.wait_exit().code, 4);
  EXPECT_THAT(plain.stderr_text(),
              HasSubstr("an agent with --keep-claude has started it"));
  host.start_agent();
  host.prompt("again", "u-2");
  host.wait_for_result("u-2");
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 1U);
}

TEST(keep_claude, text_goes_on_too) {
  kept_host host{{"--output-format", "text"}};
  turn_gate gate{host};
  directory_watch runs{host.state_dir(), IN_MODIFY | IN_CREATE};
  host.start_agent();
  host.prompt(gate.prompt(), "u-1");
  host.prompt("second", "u-2");
  while (host.unwritten() > 0)
    host.step(1, deadline{});
  runs.wait_until(
    [&] { return count_in(host.state_dir() / "runs", "u-1") == 1; }, "a turn");
  host.kill_agent();
  gate.open();
  host.start_agent();
  while (host.stream().find("echo: second\n") == std::string::npos)
    host.step(1000, deadline{});
  EXPECT_EQ(host.stream(), "echo: " + gate.prompt() + "\necho: second\n");
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 1U);
}

TEST(keep_claude, a_host_of_cc_bridge_gets_its_reply_of_the_next_agent) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / "pipes";
  options.args = {"--compat", "cc-bridge", "--keep-claude", "--env",
                  "FAKE_CLAUDE_STATE=" + dir.path().string()};
  options.pass_state_dir = false;
  options.open_output = false;
  make_fifo(dir / "gate");
  std::optional<agent_process> agent{std::in_place, options};
  directory_watch runs{dir.path(), IN_MODIFY | IN_CREATE};
  agent->write_line("gate " + (dir / "gate").string());
  runs.wait_until([&] { return kind_of(dir / "runs") == "regular"; }, "a turn");
  agent->send_signal(SIGKILL);
  agent->wait_exit();
  agent.reset();
  agent.emplace(options);
  open_write_close(dir / "gate", "x");
  agent->open_output();
  EXPECT_THAT(agent->read_to_eof(), HasSubstr("echo: gate"));
  EXPECT_EQ(lines_of(dir / "starts").size(), 1U);
  agent->send_signal(SIGINT);
  EXPECT_EQ(agent->wait_exit(), graceful);
}

} // namespace container_agent::test
