#include "test/integration/common.hpp"

/// Control messages go past the queue, in both directions.
namespace container_agent::test {

namespace {

json is_request(const std::string& id, const std::string& subtype) {
  return {{"type", "control_request"},
          {"request_id", id},
          {"request", {{"subtype", subtype}}}};
}

json wait_response(agent_process& agent, const std::string& id) {
  return agent.wait_for(
    [&](const json& r) {
      return r.value("type", "") == "control_response"
             && r["response"].value("request_id", "") == id;
    },
    "the response to " + id);
}

} // namespace

TEST(control, interrupt_passes_prompts_that_wait) {
  agent_process agent;
  agent.write_line("hang");
  agent.write_line("second");
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
  agent.write_json(is_request("stop-1", "interrupt"));
  EXPECT_EQ(wait_response(agent, "stop-1")["response"]["subtype"], "success");
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["subtype"], "error_during_execution");
  EXPECT_EQ(result["terminal_reason"], "aborted_streaming");
  // Its own answer, not one behind.
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: second");
}

TEST(control, interrupt_when_idle_is_harmless) {
  agent_process agent;
  agent.wait_for_record("ready");
  agent.write_json(is_request("stop-1", "interrupt"));
  wait_response(agent, "stop-1");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST(control, an_interrupted_prompt_is_not_resent) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  agent.prompt("hang", "11111111-1111-4111-8111-111111111111");
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
  agent.write_json(is_request("stop-1", "interrupt"));
  agent.wait_for_type("result");
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("claude_exited");
  agent.wait_for_record("ready");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(lines_of(agent.state_dir() / "runs").size(), 2U);
}

TEST(control, the_host_answers_a_permission_prompt) {
  agent_process agent;
  agent.write_line("ask");
  auto request = agent.wait_for_type("control_request");
  EXPECT_EQ(request["request"]["subtype"], "can_use_tool");
  // A prompt in between must not hold the answer up.
  agent.write_line("second");
  agent.write_json(
    {{"type", "control_response"},
     {"response",
      {{"subtype", "success"},
       {"request_id", request["request_id"]},
       {"response",
        {{"behavior", "allow"}, {"updatedInput", {{"command", "true"}}}}}}}});
  auto result = agent.wait_for_type("result");
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr(R"("behavior":"allow")"));
  agent.wait_for_answer("echo: second");
}

TEST(control, interrupt_withdraws_a_permission_prompt) {
  agent_process agent;
  agent.write_line("ask");
  auto request = agent.wait_for_type("control_request");
  agent.write_json(is_request("stop-1", "interrupt"));
  agent.wait_for(
    [&](const json& r) {
      return r.value("type", "") == "control_cancel_request"
             && r["request_id"] == request["request_id"];
    },
    "the request to be withdrawn");
  agent.wait_for_type("result");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST(control, permission_prompts_are_off_where_nobody_can_answer) {
  for (auto [format, expected] :
       {std::pair{"stream-json", true}, std::pair{"text", false}}) {
    agent_options options;
    options.args = {"--output-format", format};
    agent_process agent{options};
    agent.write_line("self");
    std::string said;
    do
      said = agent.next_line();
    while (said.find("replay-user-messages") == std::string::npos);
    EXPECT_EQ(said.find("permission-prompt-tool") != std::string::npos,
              expected)
      << format;
  }
}

TEST(control, the_hosts_own_requests_get_their_answers) {
  agent_process agent;
  agent.write_json(is_request("mine-1", "initialize"));
  auto answer = wait_response(agent, "mine-1");
  EXPECT_EQ(answer["response"]["subtype"], "success");
  agent.write_json(is_request("mine-2", "frobnicate"));
  answer = wait_response(agent, "mine-2");
  EXPECT_EQ(answer["response"]["subtype"], "error");
}

TEST(control, requests_before_claude_is_ready_are_not_lost) {
  agent_process agent;
  // Nothing was read yet: Claude may still be starting.
  for (int i = 0; i < 5; ++i)
    agent.write_json(is_request("early-" + std::to_string(i), "set_model"));
  for (int i = 0; i < 5; ++i)
    wait_response(agent, "early-" + std::to_string(i));
}

TEST(control, a_new_session_id_is_followed) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.write_line("new-session");
  auto result = agent.wait_for_answer("echo: new-session");
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("claude_exited");
  auto ready = agent.wait_for_record("ready");
  EXPECT_EQ(ready["resumed"], true);
  EXPECT_EQ(ready["session_id"], result["session_id"]);
}

} // namespace container_agent::test
