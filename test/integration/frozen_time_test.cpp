#include "test/integration/common.hpp"

#include <chrono>
#include <thread>

/// The agent and Claude are frozen and wake up again.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

// Beyond each limit that a test sets, and beyond what counts as a freeze.
constexpr auto frozen = 4s;

agent_options with_limits(std::vector<std::string> args) {
  agent_options options;
  options.args = {"--health-interval", "0"};
  options.args.insert(options.args.end(), args.begin(), args.end());
  return options;
}

// As `docker pause` does it: with all that is in there.
void freeze(const agent_process& agent, pid_t child) {
  ::kill(agent.pid(), SIGSTOP);
  ::kill(child, SIGSTOP);
  std::this_thread::sleep_for(frozen); // reason: the time that stands still
  ::kill(child, SIGCONT);
  ::kill(agent.pid(), SIGCONT);
}

} // namespace

TEST(frozen_time, is_no_silence_of_claude) {
  agent_process agent{with_limits({"--stall-timeout", "2s"})};
  gate held{agent};
  agent.write_line(held.prompt());
  agent.wait_for_record("accepted");
  agent.wait_for([](const json& line) { return line["type"] == "system"; },
                 "the turn's begin");
  freeze(agent, agent.child_pid());
  auto told = agent.wait_for_log("time_stood_still");
  EXPECT_GE(told["frozen_ms"], 1000) << told;
  held.open();
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["result"], "echo: " + held.prompt()) << result;
}

TEST(frozen_time, is_no_time_for_the_drain) {
  agent_process agent{with_limits({"--drain-timeout", "2s"})};
  gate held{agent};
  agent.write_line(held.prompt());
  agent.wait_for([](const json& line) { return line["type"] == "system"; },
                 "the turn's begin");
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  freeze(agent, agent.child_pid());
  agent.wait_for_log("time_stood_still");
  held.open();
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["result"], "echo: " + held.prompt()) << result;
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(frozen_time, still_lets_a_limit_pass) {
  agent_process agent{with_limits({"--stall-timeout", "2s"})};
  agent.write_line("hang");
  agent.wait_for([](const json& line) { return line["type"] == "system"; },
                 "the turn's begin");
  freeze(agent, agent.child_pid());
  agent.wait_for_log("time_stood_still");
  EXPECT_EQ(agent.wait_for_type("result")["subtype"], "error_during_execution");
}

} // namespace container_agent::test
