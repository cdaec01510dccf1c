#include "test/claude_code/claude_code.hpp"
#include "test/support/fifo.hpp"

#include <sys/inotify.h>

#include <csignal>

/// What the real Claude Code forgets when it dies, the agent remembers.
namespace container_agent::test {

namespace {

constexpr auto bypass = "--dangerously-skip-permissions";
const std::string go_on = "Continue from where you left off.";

json mode_request(const std::string& id, const std::string& mode) {
  return {{"type", "control_request"},
          {"request_id", id},
          {"request", {{"subtype", "set_permission_mode"}, {"mode", mode}}}};
}

json hooks_request(const std::string& id) {
  json hook = {{"matcher", "Bash"}, {"hookCallbackIds", {"policy"}}};
  return {{"type", "control_request"},
          {"request_id", id},
          {"request",
           {{"subtype", "initialize"},
            {"hooks", {{"PreToolUse", json::array({hook})}}}}}};
}

json wait_for_request(agent_process& agent, const std::string& subtype) {
  return agent.wait_for(
    [&](const json& line) {
      return line.value("type", "") == "control_request"
             && line["request"].value("subtype", "") == subtype;
    },
    subtype, deadline{turn_patience});
}

/// Sends it and waits until Claude Code has agreed.
void set_in(agent_process& agent, const json& request) {
  agent.write_json(request);
  auto response = agent.wait_for(
    [&](const json& line) {
      return line.value("type", "") == "control_response"
             && line["response"]["request_id"] == request["request_id"];
    },
    "an answer", deadline{turn_patience});
  EXPECT_EQ(response["response"]["subtype"], "success") << response;
}

bool is_tool_result(const json& line) {
  return line.value("type", "") == "user"
         && line["message"]["content"].is_array()
         && line["message"]["content"][0].value("type", "") == "tool_result";
}

class claude_code_remembered : public claude_code {
public:
  /// Kills Claude Code over a prompt that it had begun, and returns the result
  /// of the one by which it goes on.
  json kill_and_continue(agent_process& agent, const std::string& uuid) {
    ::kill(claude_pid(agent), SIGKILL);
    EXPECT_EQ(agent.wait_for_record("resent", deadline{turn_patience})["uuid"],
              uuid);
    auto continued
      = agent.wait_for_record("continued", deadline{turn_patience});
    EXPECT_EQ(continued["uuid"], uuid);
    auto result
      = wait_for_result(agent, continued["continue_uuid"].get<std::string>());
    EXPECT_FALSE(result["is_error"].get<bool>()) << result;
    EXPECT_THAT(result["result"].get<std::string>(),
                HasSubstr("You said: " + go_on));
    return result;
  }

  /// Waits until this is in the session's transcript. Claude Code writes it a
  /// moment later; killed before that, it runs the prompt again.
  void wait_saved(const json& session, const std::string& text) const {
    auto file = transcript(session.get<std::string>());
    directory_watch watch{file, IN_MODIFY};
    watch.wait_until(
      [&] { return read_file(file).find(text) != std::string::npos; },
      "the transcript", deadline{turn_patience});
  }

  std::string mode_of_turn(agent_process& agent, const std::string& text) {
    agent.prompt(text, new_uuid());
    auto init = agent.wait_for(
      [](const json& line) { return line.value("subtype", "") == "init"; },
      "init", deadline{turn_patience});
    agent.wait_for_type("result", deadline{turn_patience});
    return init["permissionMode"];
  }

  /// The file in which Claude Code keeps the session.
  std::filesystem::path transcript(const std::string& session) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
           home() / ".claude" / "projects"))
      if (entry.path().filename() == session + ".jsonl")
        return entry.path();
    throw std::runtime_error("no transcript of " + session);
  }
};

} // namespace

TEST_F(claude_code_remembered, killed_in_a_tool_goes_on) {
  agent_process agent{options({}, {bypass})};
  auto session = ask(agent, "hello")["session_id"];
  auto file = work() / "ran";
  make_fifo(work() / "never");
  directory_watch watch{work()};
  auto uuid = new_uuid();
  agent.prompt("BASH echo ran >> " + file.string() + " ; cat "
                 + (work() / "never").string(),
               uuid);
  watch.wait_until([&] { return std::filesystem::exists(file); }, "the tool",
                   deadline{turn_patience});
  wait_saved(session, "echo ran");
  auto result = kill_and_continue(agent, uuid);
  EXPECT_EQ(result["session_id"], session);
  EXPECT_EQ(read_file(file), "ran\n") << "once";
  ask(agent, "next");
}

TEST_F(claude_code_remembered, killed_in_the_answer_after_a_tool_goes_on) {
  agent_process agent{options({}, {bypass})};
  auto session = ask(agent, "hello")["session_id"];
  auto file = work() / "ran";
  auto uuid = new_uuid();
  agent.prompt("BASH echo ran >> " + file.string() + " # SLOW", uuid);
  agent.wait_for(is_tool_result, "the tool's result", deadline{turn_patience});
  wait_saved(session, "tool_result");
  kill_and_continue(agent, uuid);
  EXPECT_EQ(read_file(file), "ran\n") << "once";
}

// Whatever its transcript has by then, no tool runs twice.
TEST_F(claude_code_remembered, killed_as_soon_as_a_tool_runs_is_told_so) {
  agent_process agent{options({}, {bypass})};
  ask(agent, "hello");
  auto file = work() / "ran";
  make_fifo(work() / "never");
  directory_watch watch{work()};
  agent.prompt("BASH echo ran >> " + file.string() + " ; cat "
                 + (work() / "never").string(),
               new_uuid());
  watch.wait_until([&] { return std::filesystem::exists(file); }, "the tool",
                   deadline{turn_patience});
  ::kill(claude_pid(agent), SIGKILL);
  auto result = agent.wait_for_type("result", deadline{turn_patience});
  EXPECT_FALSE(result["is_error"].get<bool>()) << result;
  EXPECT_EQ(read_file(file), "ran\n") << "once";
}

TEST_F(claude_code_remembered, killed_while_it_asks_for_permission_goes_on) {
  agent_process agent{options()};
  auto session = ask(agent, "hello")["session_id"];
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + (work() / "file").string(), uuid);
  wait_for_request(agent, "can_use_tool");
  wait_saved(session, "TOUCH");
  ::kill(claude_pid(agent), SIGKILL);
  // When it saves that it wants to use a tool is Claude's own business: if it
  // has not, the prompt is sent again, and it asks again or answers.
  agent.wait_for(
    [&](const json& line) {
      return line.value("subtype", "") == "continued"
             || line.value("type", "") == "control_request"
             || answers(line, uuid);
    },
    "a continuation, the question again, or an answer",
    deadline{turn_patience});
  EXPECT_FALSE(std::filesystem::exists(work() / "file"));
}

TEST_F(claude_code_remembered, killed_again_while_it_goes_on_goes_on) {
  agent_process agent{
    options({"--continue-prompt", "Go on, SLOW as before."}, {bypass})};
  auto session = ask(agent, "hello")["session_id"];
  auto uuid = new_uuid();
  agent.prompt("BASH true # SLOW", uuid);
  agent.wait_for(is_tool_result, "the tool's result", deadline{turn_patience});
  wait_saved(session, "tool_result");
  ::kill(claude_pid(agent), SIGKILL);
  auto own
    = agent
        .wait_for_record("continued", deadline{turn_patience})["continue_uuid"]
        .get<std::string>();
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, own, "started"); },
    "the continuation", deadline{turn_patience});
  ::kill(claude_pid(agent), SIGKILL);
  EXPECT_EQ(agent.wait_for_record("resent", deadline{turn_patience})["uuid"],
            uuid);
  api_.release();
  wait_for_result(agent, own);
}

TEST_F(claude_code_remembered, a_host_may_decide_itself) {
  agent_process agent{options({"--on-crash", "fail"}, {bypass})};
  auto uuid = new_uuid();
  agent.prompt("BASH true # SLOW", uuid);
  agent.wait_for(is_tool_result, "the tool's result", deadline{turn_patience});
  ::kill(claude_pid(agent), SIGKILL);
  auto failed = agent.wait_for_record("failed", deadline{turn_patience});
  EXPECT_EQ(failed["uuid"], uuid);
  EXPECT_EQ(failed["reason"], "crashed");
  ask(agent, "next");
}

TEST_F(claude_code_remembered, its_permission_mode_survives_a_kill) {
  agent_process agent{options({}, {bypass})};
  set_in(agent, mode_request("host-1", "acceptEdits"));
  EXPECT_EQ(mode_of_turn(agent, "hello"), "acceptEdits");
  ::kill(claude_pid(agent), SIGKILL);
  auto restored = agent.wait_for_record("restored", deadline{turn_patience});
  EXPECT_EQ(restored["settings"], json::array({"set_permission_mode"}));
  EXPECT_EQ(restored["refused"], json::array());
  agent.wait_for_record("ready");
  EXPECT_EQ(mode_of_turn(agent, "hello again"), "acceptEdits");
}

TEST_F(claude_code_remembered, hooks_survive_a_kill) {
  agent_process agent{options({}, {bypass})};
  set_in(agent, hooks_request("host-1"));
  ask(agent, "hello");
  ::kill(claude_pid(agent), SIGKILL);
  auto restored = agent.wait_for_record("restored", deadline{turn_patience});
  EXPECT_EQ(restored["initialize"], true);
  auto file = work() / "forbidden";
  auto uuid = new_uuid();
  agent.prompt("TOUCH " + file.string(), uuid);
  auto hook = wait_for_request(agent, "hook_callback");
  EXPECT_EQ(hook["request"]["callback_id"], "policy");
  agent.write_json({{"type", "control_response"},
                    {"response",
                     {{"subtype", "success"},
                      {"request_id", hook["request_id"]},
                      {"response",
                       {{"hookSpecificOutput",
                         {{"hookEventName", "PreToolUse"},
                          {"permissionDecision", "deny"},
                          {"permissionDecisionReason", "the policy"}}}}}}}});
  EXPECT_THAT(wait_for_result(agent, uuid)["result"].get<std::string>(),
              HasSubstr("the policy"));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(claude_code_remembered, a_session_that_it_can_not_read_is_given_up) {
  agent_process agent{options()};
  auto session = ask(agent, "hello")["session_id"].get<std::string>();
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  ::kill(claude_pid(agent), SIGSTOP); // so that it saves nothing meanwhile
  auto file = transcript(session);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  ::kill(claude_pid(agent), SIGKILL);
  auto lost = agent.wait_for_record("session_lost", deadline{turn_patience});
  EXPECT_EQ(lost["session_id"], session);
  EXPECT_THAT(lost["reason"].get<std::string>(), HasSubstr("EISDIR"));
  api_.release();
  auto result = wait_for_result(agent, uuid);
  EXPECT_EQ(result["result"],
            "You said: SLOW one (this is turn 1 of our conversation)");
}

} // namespace container_agent::test
