#include "test/integration/client.hpp"

#include "main/server/socket_place.hpp"

#include <sys/socket.h>

/// Waits between host, Claude and agent: requests of Claude's that the host
/// must answer, the interrupt, and a health check that is always answered.
namespace container_agent::test {

namespace {

json begin_to_ask(agent_process& agent) {
  agent.write_line("ask");
  return agent.wait_for_type("control_request");
}

bool cancels(const json& line, const json& request) {
  return line.value("type", "") == "control_cancel_request"
         && line["request_id"] == request["request_id"];
}

unique_fd connect_to(const std::string& path) {
  runtime::socket_name name{path};
  unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), name.get(), name.length) != 0)
    throw std::runtime_error{"cannot connect to " + path};
  return fd;
}

} // namespace

TEST(requests, show_in_status_health_and_log) {
  agent_process agent;
  auto request = begin_to_ask(agent);
  auto status = json::parse(ask_agent(agent, "status", {"--json"}).out);
  EXPECT_EQ(status["why"], "waits for the host to answer Bash");
  EXPECT_EQ(status["requests"]["open"], 1);
  const auto& listed = status["requests"]["list"].at(0);
  EXPECT_EQ(listed["id"], request["request_id"]);
  EXPECT_EQ(listed["subtype"], "can_use_tool");
  EXPECT_EQ(listed["tool"], "Bash");
  EXPECT_EQ(listed["summary"], "true");
  EXPECT_GE(listed["age_ms"].get<int>(), 0);
  EXPECT_THAT(ask_agent(agent, "status").out,
              HasSubstr("Bash, waits for the host for"));
  EXPECT_EQ(ask_agent(agent, "health").out,
            "healthy: busy, waits for the host to answer Bash\n");
  auto logged = agent.wait_for_log("request_opened");
  EXPECT_EQ(logged["request_id"], request["request_id"]);
  EXPECT_EQ(logged["tool"], "Bash");
}

TEST(requests, that_nobody_answers_are_denied_in_time) {
  agent_options options;
  options.args = {"--permission-timeout", "1ms"};
  agent_process agent{options};
  auto request = begin_to_ask(agent);
  auto told = agent.wait_for_record("permission_timed_out");
  EXPECT_EQ(told["request_id"], request["request_id"]);
  EXPECT_EQ(told["tool"], "Bash");
  agent.wait_for([&](const json& line) { return cancels(line, request); },
                 "the request to be cancelled");
  auto result = agent.wait_for_type("result");
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr(R"("behavior":"deny")"));
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("--permission-timeout"));
  EXPECT_EQ(agent.wait_for_log("permission_timed_out")["after_ms"], 1);
}

TEST(requests, of_a_claude_that_dies_are_cancelled) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  auto request = begin_to_ask(agent);
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for([&](const json& line) { return cancels(line, request); },
                 "the request to be cancelled");
}

TEST(requests, of_a_transparent_host_end_with_their_claude) {
  agent_options options;
  options.args = fast_restarts();
  options.args.emplace_back("--transparent");
  agent_process agent{options};
  agent.prompt("hang", first_uuid);
  auto init = agent.wait_for_type("system");
  auto starts = lines_of(agent.state_dir() / "starts");
  ::kill(std::stoi(starts.at(0)), SIGKILL);
  agent.wait_for_record("claude_exited");
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["subtype"], "error_during_execution");
  EXPECT_EQ(result["is_error"], true);
  EXPECT_EQ(result["session_id"], init["session_id"]);
}

// -- interrupt ----------------------------------------------------------------

TEST(requests, interrupt_ends_the_turn_and_says_so) {
  agent_process agent;
  agent.prompt("hang", first_uuid);
  agent.wait_for_type("system");
  auto interrupt = ask_agent(agent, "interrupt");
  EXPECT_EQ(interrupt.status, yes) << interrupt.text();
  EXPECT_EQ(interrupt.out, "Claude was told to interrupt the turn of prompt "
                             + std::string{first_uuid} + '\n');
  EXPECT_EQ(agent.wait_for_type("result")["subtype"], "error_during_execution");
  auto again = ask_agent(agent, "interrupt");
  EXPECT_EQ(again.status, no);
  EXPECT_EQ(again.err, "container-agent: no turn is in flight\n");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

// -- health -------------------------------------------------------------------

TEST(requests, health_is_answered_whoever_fills_the_socket) {
  agent_process agent;
  agent.wait_for_record("ready");
  std::vector<unique_fd> idle;
  for (int i = 0; i < 16; ++i)
    idle.push_back(connect_to(socket_of(agent)));
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, yes) << health.text();
}

TEST(requests, health_is_answered_whoever_speaks_http_on_the_socket) {
  agent_process agent;
  agent.wait_for_record("ready");
  std::vector<unique_fd> idle;
  for (int i = 0; i < 16; ++i) {
    idle.push_back(connect_to(socket_of(agent)));
    ASSERT_EQ(::send(idle.back().get(), "GET /", 5, MSG_NOSIGNAL), 5);
  }
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, yes) << health.text();
}

TEST(requests, health_tells_an_agent_without_a_socket_from_none) {
  agent_options options;
  options.args = {"--control-socket", "none"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  auto health = ask_agent(agent, "health");
  EXPECT_EQ(health.status, no);
  EXPECT_THAT(health.err, HasSubstr("unhealthy: an agent runs, without a "
                                    "control socket"));
  EXPECT_THAT(health.err, HasSubstr(std::to_string(agent.pid())));
  agent.stop();
  EXPECT_THAT(ask_agent(agent, "health").err, HasSubstr("no agent runs here"));
}

} // namespace container_agent::test
