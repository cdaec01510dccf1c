#include "test/integration/client.hpp"

#include <poll.h>
#include <sys/wait.h>

/// What the agent says of itself, through its control socket.
namespace container_agent::test {

namespace {

void wait_turn(agent_process& agent) {
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
}

json status_of_agent(const agent_process& agent) {
  auto result = ask_agent(agent, "status", {"--json"});
  EXPECT_EQ(result.status, yes) << result.text();
  return json::parse(result.out);
}

/// How often the process has given the processor up so far: a counter of the
/// kernel's, by which wake-ups are counted. Nothing sleeps for it.
std::string idle_count(pid_t pid) {
  return status_of(pid).at("voluntary_ctxt_switches");
}

void let_pass(int milliseconds) {
  ::poll(nullptr, 0, milliseconds);
}

} // namespace

TEST(health, is_well_when_claude_is_ready) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, yes);
  EXPECT_EQ(health.out, "healthy: ready, Claude takes prompts\n");
  EXPECT_EQ(ask_agent(agent, "health", {"--live"}).out,
            "live: ready, Claude takes prompts\n");
  EXPECT_EQ(ask_agent(agent, "health", {"--ready"}).out,
            "ready: ready, Claude takes prompts\n");
}

TEST(health, is_live_but_not_ready_while_claude_starts) {
  agent_options options;
  options.claude_args = {"--no-initialize"};
  agent_process agent{options};
  agent.wait_for_log("claude_started");
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, yes);
  EXPECT_EQ(health.out, "healthy: starting, Claude is starting\n");
  EXPECT_EQ(ask_agent(agent, "health", {"--live"}).status, yes);
  auto ready = ask_agent(agent, "health", {"--ready"});
  EXPECT_EQ(ready.status, no);
  EXPECT_EQ(ready.err, "not ready: starting, Claude is starting\n");
}

TEST(health, is_busy_in_a_turn_and_tells_how_long) {
  agent_process agent;
  agent.write_line("hang");
  wait_turn(agent);
  EXPECT_EQ(ask_agent(agent, "health").out,
            "healthy: busy, a turn is in flight\n");
  auto document = status_of_agent(agent);
  EXPECT_EQ(document["prompts"]["in_flight"], 1);
  EXPECT_GE(document["turn"]["age_ms"], document["turn"]["silence_ms"]);
  auto later = status_of_agent(agent);
  EXPECT_GT(later["turn"]["silence_ms"], document["turn"]["silence_ms"]);
}

TEST(health, is_degraded_but_ready_after_a_restart) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  agent.wait_for_record("ready");
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("claude_exited");
  agent.wait_for_record("ready");
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, yes);
  EXPECT_EQ(health.out,
            "healthy: degraded, restarted within the window, times: 1\n");
  EXPECT_EQ(ask_agent(agent, "health", {"--ready"}).status, yes);
}

TEST(health, a_missing_claude_is_not_ready) {
  agent_options options;
  options.args = {"--restart-delay", "1h"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("restarting");
  // The first look that finds Claude ready would come at the first tick.
  auto ready = ask_agent(agent, "health", {"--ready"});
  EXPECT_EQ(ready.status, no);
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(health, a_hung_agent_is_noticed) {
  agent_process agent;
  agent.wait_for_record("ready");
  agent.send_signal(SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(agent.pid(), &status, WUNTRACED), agent.pid());
  auto health = ask_agent(agent, "health", {"--timeout", "200ms"});
  EXPECT_EQ(health.status, no);
  EXPECT_EQ(health.err,
            "unhealthy: the agent at " + socket_of(agent).string()
              + " (process " + std::to_string(agent.pid())
              + ") did not answer within 200ms: it is stopped, by a signal "
                "such as SIGSTOP or by a debugger\n");
  agent.send_signal(SIGCONT);
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(health, without_an_agent_the_line_names_the_socket) {
  temp_dir dir;
  auto health = run_program({"health", "--pipe-dir", dir.path().string()});
  EXPECT_EQ(health.status, no);
  EXPECT_THAT(health.err, HasSubstr("unhealthy: no agent runs here: there is "
                                    "no control socket at "
                                    + (dir / "claude.control.sock").string()));
}

TEST(health, after_a_kill_nobody_listens_and_the_next_agent_takes_over) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / "pipes";
  {
    agent_process agent{options};
    agent.wait_for_record("ready");
    agent.send_signal(SIGKILL);
    agent.wait_exit();
    auto health = ask_agent(agent, "health");
    EXPECT_EQ(health.status, no);
    EXPECT_THAT(health.err, HasSubstr("nobody listens at"));
  }
  agent_process agent{options};
  agent.wait_for_record("ready");
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(health, status_is_a_table_for_people) {
  agent_process agent;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto status = ask_agent(agent, "status");
  EXPECT_EQ(status.status, yes);
  EXPECT_THAT(status.out, HasSubstr("state     ready: Claude takes prompts\n"));
  EXPECT_THAT(status.out,
              HasSubstr("process " + std::to_string(agent.child_pid())));
  EXPECT_THAT(status.out, HasSubstr("1 accepted, 1 answered"));
}

TEST(health, the_document_tells_of_processes_and_pipes) {
  agent_process agent;
  agent.wait_for_record("ready");
  agent.set_reading(false);
  auto document = status_of_agent(agent);
  EXPECT_EQ(document["agent"]["pid"], agent.pid());
  EXPECT_GT(document["agent"]["rss_bytes"], 1'000'000);
  EXPECT_GT(document["claude"]["rss_bytes"], 100'000);
  EXPECT_EQ(document["live"], true);
  EXPECT_EQ(document["shutdown"], "running");
  // A record that nobody has read lies in the FIFO.
  agent.write_json({{"type", "container_agent"}, {"subtype", "status"}});
  json later;
  do
    later = status_of_agent(agent);
  while (later["output"]["unread_bytes"] == 0);
  EXPECT_EQ(later["input"]["lines"], 1);
}

TEST(health, a_claude_that_is_too_large_is_to_be_restarted) {
  agent_options options;
  options.args = {"--health-interval", "10ms", "--max-claude-rss", "1"};
  agent_process agent{options};
  auto found = agent.wait_for_log("claude_too_large");
  EXPECT_EQ(found["max_claude_rss"], 1);
  auto wish = agent.wait_for_log("restart_requested");
  EXPECT_THAT(wish["reason"].get<std::string>(), HasSubstr("--max-claude-rss"));
}

TEST(health, an_idle_agent_is_not_woken_by_its_socket) {
  agent_options options;
  options.args = {"--health-interval", "0"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  std::string before;
  do {
    before = idle_count(agent.pid());
    let_pass(200);
  } while (idle_count(agent.pid()) != before);
  let_pass(1500); // that nothing happens shows only as time goes by
  EXPECT_EQ(idle_count(agent.pid()), before);
}

} // namespace container_agent::test
