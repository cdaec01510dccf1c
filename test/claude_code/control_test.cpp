#include "test/claude_code/claude_code.hpp"

#include <algorithm>

/// What does not queue: interrupts and permissions; and several turns at once.
namespace container_agent::test {

namespace {

constexpr auto refused = "The tool was refused: ";

json wait_for_permission_request(agent_process& agent) {
  return agent.wait_for(
    [](const json& line) {
      return line.value("type", "") == "control_request"
             && line["request"].value("subtype", "") == "can_use_tool";
    },
    "a permission request");
}

json wait_for_response(agent_process& agent, std::string_view request_id) {
  return agent.wait_for(
    [&](const json& line) {
      return line.value("type", "") == "control_response"
             && line["response"].value("request_id", "") == request_id;
    },
    "the answer to " + std::string{request_id});
}

} // namespace

// -- interrupts --------------------------------------------------------------

TEST_F(claude_code, is_interrupted_in_mid_turn) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  auto pid = claude_pid(agent);
  agent.write_json(interrupt_request("host-1"));
  auto response = wait_for_response(agent, "host-1");
  EXPECT_EQ(response["response"]["subtype"], "success") << response;
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["subtype"], "error_during_execution");
  EXPECT_EQ(result["terminal_reason"], "aborted_streaming");
  auto next = ask(agent, "next");
  EXPECT_THAT(next["result"].get<std::string>(), HasSubstr("You said: next"));
  EXPECT_EQ(claude_pid(agent), pid) << "the process must live on";
  EXPECT_EQ(api_.runs("SLOW one").started, 1U);
  EXPECT_EQ(api_.runs("SLOW one").finished, 0U);
}

TEST_F(claude_code, an_interrupt_overtakes_the_queue) {
  agent_process agent{options()};
  auto slow = new_uuid();
  auto waiting = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("waiting", waiting);
  agent.write_json(interrupt_request("host-1"));
  wait_for_response(agent, "host-1");
  EXPECT_EQ(wait_for_result(agent, slow)["terminal_reason"],
            "aborted_streaming");
  // Each answer belongs to its own prompt, after an interrupt too.
  EXPECT_THAT(wait_for_result(agent, waiting)["result"].get<std::string>(),
              HasSubstr("You said: waiting"));
}

TEST_F(claude_code, an_interrupt_without_a_turn_is_harmless) {
  agent_process agent{options()};
  agent.wait_for_record("ready");
  agent.write_json(interrupt_request("host-1"));
  EXPECT_EQ(wait_for_response(agent, "host-1")["response"]["subtype"],
            "success");
  ask(agent, "next");
}

TEST_F(claude_code, answers_the_hosts_own_requests_only_to_the_host) {
  agent_process agent{options()};
  agent.write_json({{"type", "control_request"},
                    {"request_id", "host-1"},
                    {"request", {{"subtype", "initialize"}}}});
  auto response = wait_for_response(agent, "host-1");
  EXPECT_TRUE(response["response"]["response"].contains("commands"));
  agent.write_json({{"type", "control_request"},
                    {"request_id", "host-2"},
                    {"request", {{"subtype", "no_such_request"}}}});
  EXPECT_EQ(wait_for_response(agent, "host-2")["response"]["subtype"], "error");
  for (const auto& line : agent.passed_over())
    EXPECT_EQ(line.find("container_agent:"), std::string::npos) << line;
}

// -- permissions -------------------------------------------------------------

TEST_F(claude_code, uses_a_tool_that_the_host_allows) {
  agent_process agent{options()};
  auto file = work() / "allowed";
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + file.string(), uuid);
  auto request = wait_for_permission_request(agent);
  EXPECT_EQ(request["request"]["tool_name"], "Bash");
  EXPECT_EQ(request["request"]["input"]["command"], "touch " + file.string());
  EXPECT_FALSE(std::filesystem::exists(file));
  agent.write_json(allow(request));
  auto result = wait_for_result(agent, uuid);
  EXPECT_THAT(result["result"].get<std::string>(),
              testing::StartsWith("The tool said: "));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(claude_code, does_not_use_a_tool_that_the_host_denies) {
  agent_process agent{options()};
  auto file = work() / "denied";
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + file.string(), uuid);
  agent.write_json(deny(wait_for_permission_request(agent), "not today"));
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["result"], std::string{refused} + "not today");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(claude_code, an_answer_passes_prompts_that_wait) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  auto waiting = new_uuid();
  agent.prompt("TOUCH " + (work() / "file").string(), uuid);
  auto request = wait_for_permission_request(agent);
  agent.prompt("waiting", waiting);
  agent.write_json(allow(request));
  EXPECT_FALSE(wait_for_result(agent, uuid)["is_error"].get<bool>());
  EXPECT_THAT(wait_for_result(agent, waiting)["result"].get<std::string>(),
              HasSubstr("You said: waiting"));
}

// With `--keep-claude` an agent may give it again that its predecessor gave.
TEST_F(claude_code, an_answer_that_comes_twice_is_nothing_to_it) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + (work() / "file").string(), uuid);
  auto request = wait_for_permission_request(agent);
  agent.write_json(allow(request));
  agent.write_json(allow(request));
  EXPECT_FALSE(wait_for_result(agent, uuid)["is_error"].get<bool>());
  agent.write_json(allow(request));
  ask(agent, "next");
  auto others = seen(agent);
  EXPECT_TRUE(std::none_of(others.begin(), others.end(), [](const json& line) {
    return line.value("type", "") == "control_request";
  }));
}

TEST_F(claude_code, an_interrupt_takes_back_a_permission_request) {
  agent_process agent{options()};
  auto file = work() / "file";
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + file.string(), uuid);
  auto request = wait_for_permission_request(agent);
  agent.write_json(interrupt_request("host-1"));
  auto cancel = agent.wait_for_type("control_cancel_request");
  EXPECT_EQ(cancel["request_id"], request["request_id"]);
  EXPECT_TRUE(wait_for_result(agent, uuid)["is_error"].get<bool>());
  EXPECT_FALSE(std::filesystem::exists(file));
  ask(agent, "next");
}

TEST_F(claude_code, asks_nobody_without_permission_prompts) {
  agent_process agent{options({"--permission-prompts", "none"})};
  auto file = work() / "file";
  auto result = ask(agent, "TOUCH " + file.string());
  EXPECT_THAT(result["result"].get<std::string>(),
              testing::StartsWith(refused));
  EXPECT_FALSE(std::filesystem::exists(file));
  auto lines = seen(agent);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const json& line) {
    return line.value("subtype", "") == "permission_denied";
  }));
  for (const auto& line : lines)
    EXPECT_NE(line.value("type", ""), "control_request") << line;
}

TEST_F(claude_code, asks_nobody_in_text_mode) {
  agent_process agent{options({"--output-format", "text"})};
  auto file = work() / "file";
  agent.write_line("TOUCH " + file.string());
  EXPECT_THAT(agent.next_line(), testing::StartsWith(refused));
  EXPECT_FALSE(std::filesystem::exists(file));
}

// -- turns in flight ----------------------------------------------------------

TEST_F(claude_code, has_one_turn_in_flight_by_default) {
  agent_process agent{options()};
  auto slow = new_uuid();
  auto second = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("second", second);
  agent.wait_for(
    [&](const json& line) {
      return line.value("subtype", "") == "accepted" && line["uuid"] == second;
    },
    "second is accepted");
  api_.release();
  wait_for_result(agent, slow);
  // Had Claude Code known of it, it would have said so before this result.
  for (const auto& line : seen(agent))
    EXPECT_FALSE(is_lifecycle(line, second, "queued")) << line;
  wait_for_result(agent, second);
}

TEST_F(claude_code, may_have_two_turns_in_flight) {
  agent_process agent{options({"--max-in-flight", "2"})};
  auto slow = new_uuid();
  auto second = new_uuid();
  auto third = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("second", second);
  agent.prompt("third", third);
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, second, "queued"); },
    "second in Claude Code's own queue");
  api_.release();
  EXPECT_THAT(wait_for_result(agent, slow)["result"].get<std::string>(),
              HasSubstr("You said: SLOW one"));
  for (const auto& line : seen(agent))
    EXPECT_FALSE(is_lifecycle(line, third, "queued")) << line;
  wait_for_result(agent, second);
  EXPECT_THAT(wait_for_result(agent, third)["result"].get<std::string>(),
              HasSubstr("third"));
}

TEST_F(claude_code, one_result_closes_all_the_prompts_that_were_merged) {
  agent_process agent{options({"--max-in-flight", "3"})};
  auto slow = new_uuid();
  auto second = new_uuid();
  auto third = new_uuid();
  begin_slow_turn(agent, "SLOW one", slow);
  agent.prompt("second", second);
  agent.prompt("third", third);
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, third, "queued"); },
    "third in Claude Code's own queue");
  api_.release();
  wait_for_result(agent, slow);
  auto merged = wait_for_result(agent, second);
  EXPECT_TRUE(answers(merged, third)) << merged;
  EXPECT_THAT(merged["result"].get<std::string>(),
              HasSubstr("You said: second\nthird"));
  // None of the three takes a place any more.
  for (const auto* text : {"fourth", "fifth", "sixth", "seventh"})
    ask(agent, text);
}

} // namespace container_agent::test
