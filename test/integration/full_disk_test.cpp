#include "test/integration/client.hpp"
#include "test/support/kept_host.hpp"
#include "test/support/small_disk.hpp"

/// The disk is full under what the agent writes, and has room again later.
namespace container_agent::test {

namespace {

/// An agent whose state directory is a small disk of its own.
class full_state_disk : public testing::Test {
public:
  kept_host host{{"--health-interval", "100ms"}};
  small_disk disk{host.log_dir()};

  void SetUp() override {
    if (!disk)
      GTEST_SKIP() // reason: takes root to mount a tmpfs; CI is root
        << "only root can mount a disk";
    host.start_agent();
    host.wait_for_record("ready");
    host.prompt("hello", "u-0");
    host.wait_for_result("u-0");
  }

  outcome health() const {
    return run_program(
      {"health", "--ready", "--pipe-dir", (host.dir() / "pipes").string()});
  }

  /// In the agent's log. The host writes and reads meanwhile.
  void wait_for_event(const std::string& name) {
    deadline until;
    while (host.agent().stderr_text().find("\"event\":\"" + name + '"')
           == std::string::npos)
      host.step(64 * 1024, until);
  }

  /// More than the spool and the FIFO have room for, in lines of some
  /// kilobytes.
  static constexpr int many = 40;

  void send_many() {
    for (int i = 0; i < many; ++i)
      host.prompt("number " + std::to_string(i) + std::string(3000, '.'),
                  "many-" + std::to_string(i));
  }

  void expect_many_answered() {
    for (int i = 0; i < many; ++i) {
      auto uuid = "many-" + std::to_string(i);
      host.wait_for_result(uuid);
      EXPECT_EQ(count_in(host.state_dir() / "runs", uuid), 1U) << uuid;
    }
  }
};

/// A file of the agent's on a small disk.
class full_file_disk : public testing::Test {
public:
  temp_dir dir;
  small_disk disk{dir / "disk", "64k"};

  void SetUp() override {
    if (!disk)
      GTEST_SKIP() // reason: takes root to mount a tmpfs; CI is root
        << "only root can mount a disk";
  }

  std::string file(const std::string& name) { return dir / "disk" / name; }

  static void converse(agent_process& agent, int turns = 10) {
    for (int i = 0; i < turns; ++i) {
      agent.write_line("hello");
      agent.wait_for_answer("echo: hello");
    }
  }
};

} // namespace

TEST_F(full_state_disk, holds_the_input_and_loses_nothing) {
  disk.fill();
  send_many();
  wait_for_event("input_held");
  auto answer = health();
  EXPECT_EQ(answer.status, no);
  EXPECT_THAT(answer.text(), HasSubstr("the input is not read"));
  EXPECT_THAT(answer.text(), HasSubstr("No space left on device"));
  disk.make_room();
  wait_for_event("input_goes_on");
  expect_many_answered();
  EXPECT_EQ(health().status, yes);
  EXPECT_EQ(host.end_agent(SIGINT), graceful);
}

TEST_F(full_state_disk, holds_up_a_turn_that_runs_and_loses_nothing) {
  auto gate_path = host.dir() / "gate";
  make_fifo(gate_path);
  host.prompt("gate " + gate_path.string() + " ; flood 20000 1000", "u-1");
  host.wait_for_record("accepted");
  disk.fill();
  // Beyond what is left of the last pages of its files.
  host.prompt(std::string(10'000, 's'), "u-2");
  wait_for_event("input_held");
  open_write_close(gate_path, "x");
  wait_for_event("output_held");
  EXPECT_EQ(health().status, no);
  disk.make_room();
  host.wait_for_result("u-1");
  host.wait_for_result("u-2");
  host.kill_agent();
  host.start_agent();
  host.prompt("third", "u-3");
  host.wait_for_result("u-3");
  for (auto uuid : {"u-1", "u-2", "u-3"})
    EXPECT_EQ(count_in(host.state_dir() / "runs", uuid), 1U) << uuid;
}

TEST_F(full_state_disk, does_not_give_up_a_claude_that_has_to_be_started) {
  auto claude = host.claude_pid();
  disk.fill();
  ::kill(claude, SIGKILL);
  wait_gone(claude);
  disk.make_room();
  host.wait_for_record("ready");
  host.prompt("hello again", "u-1");
  host.wait_for_result("u-1");
}

TEST_F(full_state_disk, is_no_reason_to_lose_what_an_ending_agent_leaves) {
  disk.fill();
  send_many();
  wait_for_event("input_held");
  EXPECT_EQ(host.end_agent(SIGTERM), graceful);
  disk.make_room();
  host.start_agent();
  expect_many_answered();
}

TEST_F(full_file_disk, under_the_log_costs_lines_only) {
  agent_options options;
  options.args = {"--log-level", "trace", "--log-file", file("log")};
  agent_process agent{options};
  converse(agent, 1);
  disk.fill();
  converse(agent);
  disk.make_room();
  converse(agent);
  EXPECT_EQ(agent.stop(), graceful);
  EXPECT_THAT(read_file(file("log")), HasSubstr("\"log_lines_dropped\""));
}

TEST_F(full_file_disk, under_the_trace_costs_events_only) {
  agent_options options;
  options.args = {"--trace-file", file("trace"), "--trace-file-size", "64KiB"};
  agent_process agent{options};
  converse(agent, 1);
  disk.fill();
  converse(agent, 50);
  agent.wait_for_log("trace_events_dropped");
  disk.make_room();
  converse(agent);
  EXPECT_EQ(agent.stop(), graceful);
}

TEST_F(full_file_disk, under_the_dumps_costs_dumps_only) {
  agent_options options;
  options.args = {"--trace-dir", file("dumps")};
  agent_process agent{options};
  converse(agent, 1);
  disk.fill();
  agent.send_signal(SIGUSR1);
  agent.wait_for_log("trace_not_dumped");
  disk.make_room();
  agent.send_signal(SIGUSR1);
  agent.wait_for_log("trace_dumped");
  converse(agent, 1);
}

} // namespace container_agent::test
