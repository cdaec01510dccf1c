#include "test/integration/common.hpp"
#include "test/support/kept_host.hpp"

#include <csignal>

/// What Claude forgets when it dies, the agent remembers.
namespace container_agent::test {

namespace {

agent_options quick_again(std::vector<std::string> more = {}) {
  agent_options options;
  options.args = fast_restarts();
  options.args.insert(options.args.end(), more.begin(), more.end());
  return options;
}

json request(const std::string& id, json body) {
  return {{"type", "control_request"},
          {"request_id", id},
          {"request", std::move(body)}};
}

json set_mode(const std::string& id, const std::string& mode) {
  return request(id, {{"subtype", "set_permission_mode"}, {"mode", mode}});
}

bool is_answer(const json& line, const std::string& id) {
  return line.value("type", "") == "control_response"
         && line["response"].value("request_id", "") == id;
}

json wait_for_response(agent_process& agent, const std::string& id) {
  return agent.wait_for([&](const json& line) { return is_answer(line, id); },
                        "the answer to " + id)["response"];
}

/// Sends it and waits until Claude has agreed.
void set(agent_process& agent, const json& what) {
  agent.write_json(what);
  EXPECT_EQ(wait_for_response(agent, what["request_id"])["subtype"], "success");
}

const json hooks
  = {{"PreToolUse",
      json::array({{{"matcher", nullptr}, {"hookCallbackIds", {"hook-0"}}}})}};

std::string answer_to(agent_process& agent, const std::string& text) {
  agent.write_line(text);
  return agent.wait_for_type("result")["result"];
}

} // namespace

TEST(remembered, a_turn_that_had_begun_to_answer_is_continued) {
  agent_process agent{quick_again()};
  agent.prompt("begin ; kill-once", first_uuid);
  agent.wait_for_record("claude_exited");
  EXPECT_EQ(agent.wait_for_record("resent")["uuid"], first_uuid);
  auto continued = agent.wait_for_record("continued");
  EXPECT_EQ(continued["uuid"], first_uuid);
  auto own = continued["continue_uuid"].get<std::string>();
  EXPECT_TRUE(is_uuid(own)) << own;
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["user_message_uuids"], json::array({own}));
  EXPECT_EQ(result["result"], "echo: Continue from where you left off.");
  EXPECT_EQ(count_in(agent.state_dir() / "runs", first_uuid), 1U);
  EXPECT_EQ(answer_to(agent, "next"), "echo: next");
  for (const auto& line : agent.passed_over())
    EXPECT_EQ(line.find(R"("failed")"), std::string::npos) << line;
}

TEST(remembered, one_that_dies_over_and_over_is_continued_each_time) {
  agent_process agent{
    quick_again({"--continue-prompt", "begin ; crash-times 1 3"})};
  agent.prompt("begin ; kill-once", first_uuid);
  agent.wait_for_record("continued");
  agent.wait_for_record("continued");
  agent.wait_for_record("continued");
  EXPECT_EQ(agent.wait_for_record("failed")["reason"], "crashed");
  EXPECT_EQ(answer_to(agent, "next"), "echo: next");
}

TEST(remembered, a_host_of_cc_bridge_gets_the_answer) {
  auto options = quick_again({"--output-format", "text"});
  agent_process agent{options};
  agent.write_line("begin ; kill-once");
  EXPECT_EQ(agent.next_line(), "echo: Continue from where you left off.");
}

TEST(remembered, on_crash_fail_leaves_it_to_the_host) {
  agent_process agent{quick_again({"--on-crash", "fail"})};
  agent.prompt("begin ; kill-once", first_uuid);
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], first_uuid);
  EXPECT_EQ(failed["reason"], "crashed");
  EXPECT_EQ(answer_to(agent, "next"), "echo: next");
}

TEST(remembered, a_turn_is_continued_when_agent_and_claude_both_die) {
  kept_host host;
  host.start_agent();
  host.prompt("begin ; hang", first_uuid);
  host.wait_for(
    [](const json& line) { return line.value("type", "") == "assistant"; },
    "the beginning of the answer");
  auto claude = host.claude_pid();
  host.kill_agent();
  ::kill(claude, SIGKILL);
  host.start_agent();
  auto continued = host.wait_for_record("continued");
  EXPECT_EQ(continued["uuid"], first_uuid);
  host.wait_for_result(continued["continue_uuid"].get<std::string>());
}

TEST(remembered, the_permission_mode_survives_a_kill) {
  agent_process agent{quick_again()};
  set(agent, set_mode("m", "plan"));
  EXPECT_EQ(answer_to(agent, "mode"), "mode: plan");
  ::kill(agent.child_pid(), SIGKILL);
  auto restored = agent.wait_for_record("restored");
  EXPECT_EQ(restored["settings"], json::array({"set_permission_mode"}));
  EXPECT_EQ(restored["refused"], json::array());
  agent.wait_for_record("ready");
  EXPECT_EQ(answer_to(agent, "mode"), "mode: plan");
  for (const auto& line : agent.passed_over())
    EXPECT_EQ(line.find("container_agent:restore"), std::string::npos) << line;
}

TEST(remembered, without_the_permission_mode_nothing_is_sent) {
  agent_process agent{quick_again()};
  set(agent, set_mode("m", "plan"));
  write_file(agent.state_dir() / "refused-modes", "plan\n");
  ::kill(agent.child_pid(), SIGKILL);
  EXPECT_EQ(agent.wait_for_record("restored")["refused"],
            json::array({"set_permission_mode"}));
  agent.prompt("mode", first_uuid);
  agent.wait_for_record("accepted");
  agent.write_json({{"type", "container_agent"}, {"subtype", "status"}});
  auto status = agent.wait_for_record("status");
  EXPECT_EQ(status["state"], "degraded");
  EXPECT_THAT(status["why"].get<std::string>(),
              HasSubstr("set_permission_mode"));
  set(agent, set_mode("m2", "default"));
  EXPECT_EQ(agent.wait_for_type("result")["result"], "mode: default");
}

TEST(remembered, hooks_survive_a_kill) {
  agent_process agent{quick_again()};
  set(agent, request("i", {{"subtype", "initialize"}, {"hooks", hooks}}));
  ::kill(agent.child_pid(), SIGKILL);
  EXPECT_EQ(agent.wait_for_record("restored")["initialize"], true);
  EXPECT_EQ(answer_to(agent, "hooks"), R"(hooks: ["hook-0"])");
}

TEST(remembered, both_survive_agent_and_claude) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  for (const auto& line :
       {set_mode("m", "plan"),
        request("i", {{"subtype", "initialize"}, {"hooks", hooks}})}) {
    host.write(line.dump() + '\n');
    host.wait_for(
      [&](const json& got) { return is_answer(got, line["request_id"]); },
      "an answer");
  }
  auto claude = host.claude_pid();
  host.kill_agent();
  ::kill(claude, SIGKILL);
  host.start_agent();
  auto restored = host.wait_for_record("restored");
  EXPECT_EQ(restored["initialize"], true);
  EXPECT_EQ(restored["settings"], json::array({"set_permission_mode"}));
  host.prompt("mode", first_uuid);
  EXPECT_EQ(host.wait_for_result(first_uuid)["result"], "mode: plan");
}

TEST(remembered, a_session_that_can_not_be_read_is_given_up_first) {
  agent_process agent{quick_again()};
  auto session = [&] {
    agent.write_line("hello");
    return agent.wait_for_type("result")["session_id"];
  }();
  agent.prompt("unreadable 10 ; kill-once", first_uuid);
  auto lost = agent.wait_for_record("session_lost");
  EXPECT_EQ(lost["session_id"], session);
  EXPECT_THAT(lost["reason"].get<std::string>(), HasSubstr("EISDIR"));
  EXPECT_EQ(count_in(agent.state_dir() / "failed-resumes", session), 3U);
  auto result = agent.wait_for_answer("echo: unreadable");
  EXPECT_NE(result["session_id"], session);
  EXPECT_FALSE(agent.has_exited());
}

TEST(remembered, a_session_that_can_be_read_again_goes_on) {
  agent_process agent{quick_again()};
  agent.write_line("hello");
  auto session = agent.wait_for_answer("echo: hello")["session_id"];
  agent.prompt("unreadable 2 ; kill-once", first_uuid);
  auto result = agent.wait_for_answer("echo: unreadable");
  EXPECT_EQ(result["session_id"], session);
}

TEST(remembered, a_control_request_that_died_with_claude_is_told) {
  agent_process agent{quick_again({"--log-level", "debug"})};
  agent.prompt("no-read", first_uuid);
  agent.wait_for(
    [](const json& line) { return line.value("state", "") == "started"; },
    "the turn");
  agent.write_json(request("q", {{"subtype", "get_settings"}}));
  agent.wait_for_log("control_forwarded");
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("claude_exited");
  auto answer = wait_for_response(agent, "q");
  EXPECT_EQ(answer["subtype"], "error");
  EXPECT_EQ(agent.wait_for_log("control_lost")["request_id"], "q");
}

} // namespace container_agent::test
