#include "test/integration/client.hpp"

/// Tasks of Claude's that outlive their turn, and the turns of its own that
/// follow them.
namespace container_agent::test {

namespace {

/// Something that a task waits for.
class task_gate {
public:
  explicit task_gate(const agent_process& agent) : door_{agent, "task"} {}

  /// Begins the task, and waits for the end of the turn that began it.
  void begin(agent_process& agent) const {
    auto gate = door_.prompt();
    agent.write_line("task" + gate.substr(gate.find(' ')));
    agent.wait_for_type("result");
  }

  void open() const { door_.open(); }

private:
  gate door_;
};

bool is_own_result(const json& line) {
  return line.value("type", "") == "result" && line.contains("origin");
}

json status_of(const agent_process& agent) {
  return json::parse(ask_agent(agent, "status", {"--json"}).out);
}

} // namespace

TEST(tasks, show_in_the_status) {
  agent_process agent;
  task_gate gate{agent};
  gate.begin(agent);
  auto status = status_of(agent);
  EXPECT_EQ(status["state"], "busy");
  EXPECT_EQ(status["why"], "a background task runs");
  EXPECT_EQ(status["tasks"]["running"], 1);
  gate.open();
  agent.wait_for(is_own_result, "the turn after the task");
  EXPECT_EQ(status_of(agent)["state"], "ready");
}

TEST(tasks, are_waited_for_at_the_end) {
  agent_options options;
  options.args = {"--drain-timeout", "10m"};
  agent_process agent{options};
  task_gate gate{agent};
  gate.begin(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  auto health = ask_agent(agent, "health");
  EXPECT_THAT(health.text(), HasSubstr("stopping: draining"));
  gate.open();
  auto result = agent.wait_for(is_own_result, "the turn after the task");
  EXPECT_EQ(result["result"], "a task is over");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(tasks, are_stopped_when_the_time_is_up) {
  agent_options options = recording();
  options.args = {"--drain-timeout", "1ms"};
  agent_process agent{options};
  agent.write_line("task");
  agent.wait_for_type("result");
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_THAT(read_file(agent.state_dir() / "stdin"),
              HasSubstr(R"("subtype":"stop_task")"));
}

TEST(tasks, are_waited_for_after_the_end_of_the_input) {
  agent_options options;
  options.args = {"--exit-on-eof"};
  agent_process agent{options};
  task_gate gate{agent};
  gate.begin(agent);
  agent.close_input();
  EXPECT_EQ(status_of(agent)["why"], "a background task runs");
  gate.open();
  agent.wait_for(is_own_result, "the turn after the task");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(tasks, are_waited_for_by_a_restart) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  task_gate gate{agent};
  gate.begin(agent);
  auto first = agent.child_pid();
  EXPECT_EQ(ask_agent(agent, "restart-claude").status, yes);
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  gate.open();
  agent.wait_for(is_own_result, "the turn after the task");
  agent.wait_for_record("ready");
  EXPECT_NE(agent.child_pid(), first);
}

TEST(tasks, the_later_answer_appears_in_text) {
  agent_options options;
  options.args = {"--output-format", "text"};
  agent_process agent{options};
  gate door{agent};
  auto path = door.prompt().substr(door.prompt().find(' '));
  agent.write_line("task" + path);
  EXPECT_EQ(agent.next_line(), "echo: task" + path);
  door.open();
  EXPECT_EQ(agent.next_line(), "a task is over");
}

} // namespace container_agent::test
