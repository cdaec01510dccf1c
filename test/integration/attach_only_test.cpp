#include "test/integration/attach_fixture.hpp"

#include <chrono>

/// --attach only: never starts one, waits for one, and for the next one.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

/// How often the process has gone to sleep, which is how often it was awake.
long wake_ups(pid_t pid) {
  std::istringstream in{read_file("/proc/" + std::to_string(pid) + "/status")};
  constexpr std::string_view name = "voluntary_ctxt_switches:";
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with(name))
      return std::stol(line.substr(name.size()));
  return -1;
}

/// Lets time pass; whether the agent has lived on.
bool lives_for(agent_process& agent, std::chrono::milliseconds time) {
  try {
    agent.wait_exit(deadline{time});
    return false;
  } catch (const std::runtime_error&) {
    return true; // it did not end
  }
}

} // namespace

TEST_F(attaching, only_takes_one_that_runs_already) {
  loose_process claude{this->claude()};
  agent_process agent{this->agent({"--attach", "only"})};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], claude.pid());
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST_F(attaching, only_waits_for_one_and_for_the_next) {
  agent_process agent{this->agent({"--attach", "only", "--max-restarts", "0"})};
  agent.wait_for_log("attach_waits");
  agent.prompt("early", first_uuid);
  for (int i = 0; i < 3; ++i) {
    loose_process claude{this->claude()};
    auto ready = agent.wait_for_record("ready");
    EXPECT_EQ(ready["pid"], claude.pid()) << ready;
    EXPECT_EQ(ready["attached"], true) << ready;
    if (i == 0)
      agent.wait_for_answer("echo: early");
    agent.write_line("hello");
    agent.wait_for_answer("echo: hello");
    claude.kill();
    auto exited = agent.wait_for_record("claude_exited");
    EXPECT_TRUE(exited.at("exit_code").is_null()) << exited;
  }
  EXPECT_EQ(records(agent, "restarting"), 0U);
  EXPECT_EQ(lines_of(state() / "starts").size(), 3U);
}

TEST_F(attaching, only_sends_a_prompt_in_flight_to_the_next_one) {
  agent_process agent{this->agent({"--attach", "only"})};
  auto first = std::make_unique<loose_process>(claude());
  agent.prompt("kill-once", first_uuid);
  agent.wait_for_record("claude_exited");
  first.reset();
  loose_process next{claude()};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], next.pid());
  EXPECT_EQ(agent.wait_for_record("resent")["uuid"], first_uuid);
  agent.wait_for_answer("echo: kill-once");
  // The turn is noted as completed before the next one begins.
  agent.write_line("next");
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_in(state() / "completed", first_uuid), 1U);
}

TEST_F(attaching, only_waits_for_a_program_that_is_not_there_yet) {
  auto elsewhere = state() / "not-yet";
  std::filesystem::rename(program(), elsewhere);
  agent_process agent{this->agent({"--attach", "only"})};
  agent.wait_for_log("attach_waits");
  std::filesystem::rename(elsewhere, program());
  loose_process claude{this->claude()};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], claude.pid());
}

TEST_F(attaching, only_looks_again_when_what_was_in_the_way_has_ended) {
  make_fifo(state() / "in2");
  make_fifo(state() / "out2");
  loose_process one{claude()};
  auto other = std::make_unique<loose_process>(
    claude(on_fifos(state() / "in2", state() / "out2")));
  agent_process agent{this->agent({"--attach", "only"})};
  agent.wait_for_log("attach_refused", 2);
  // Longer than the looks that follow a start.
  ASSERT_TRUE(lives_for(agent, 2s));
  other.reset();
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], one.pid());
}

TEST_F(attaching, only_never_wakes_up_while_it_waits) {
  agent_process agent{
    this->agent({"--attach", "only", "--health-interval", "0"})};
  agent.wait_for_log("attach_waits");
  ASSERT_TRUE(lives_for(agent, 2s));
  auto before = wake_ups(agent.pid());
  ASSERT_GE(before, 0);
  ASSERT_TRUE(lives_for(agent, 3s));
  EXPECT_EQ(wake_ups(agent.pid()), before);
  // It was not deaf, either.
  loose_process claude{this->claude()};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], claude.pid());
}

TEST_F(attaching, only_ends_at_once_while_it_waits) {
  agent_process agent{this->agent({"--attach", "only"})};
  agent.wait_for_log("attach_waits");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  for (const auto& line : agent.log())
    EXPECT_NE(line.value("to", ""), "terminating") << line;
}

} // namespace container_agent::test
