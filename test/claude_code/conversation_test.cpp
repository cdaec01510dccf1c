#include "test/claude_code/claude_code.hpp"

#include "test/support/all_tests.hpp"
#include "test/support/messages_api_reply.hpp"

#include <algorithm>

/// Prompts and answers.
namespace container_agent::test {

TEST_F(claude_code, becomes_ready_before_any_prompt) {
  agent_process agent{options()};
  auto ready = agent.wait_for_record("ready");
  EXPECT_GT(ready["pid"].get<int>(), 0) << ready;
  EXPECT_FALSE(ready["resumed"].get<bool>()) << ready;
  EXPECT_FALSE(ready["attached"].get<bool>()) << ready;
}

TEST_F(claude_code, holds_one_conversation_over_several_turns) {
  agent_process agent{options()};
  auto first = ask(agent, "my name is Ada");
  EXPECT_EQ(first["result"],
            "You said: my name is Ada (this is turn 1 of our conversation)");
  auto second = ask(agent, "and I count");
  EXPECT_EQ(second["result"],
            "You said: and I count (this is turn 2 of our conversation)");
  auto third = ask(agent, "RECALL it");
  EXPECT_EQ(third["result"],
            "Until now you said: my name is Ada | and I count");
  EXPECT_EQ(first["session_id"], third["session_id"]);
}

TEST_F(claude_code, passes_on_the_lines_of_a_turn_in_their_order) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  ask(agent, "in order", uuid);
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, uuid, "completed"); },
    "the end of the command");
  std::vector<std::string> kinds;
  for (const auto& line : seen(agent)) {
    auto kind = line["type"].get<std::string>();
    for (const auto* more : {"subtype", "state"})
      if (line.contains(more))
        kind += "/" + line[more].get<std::string>();
    kinds.push_back(kind);
  }
  // Claude Code may say more, such as the state of its background tasks.
  std::erase_if(kinds, [](const auto& kind) {
    return kind.starts_with("system/") && kind != "system/init";
  });
  // Both `ready` and the prompt's `accepted` come from the agent, and either
  // may be first.
  std::sort(kinds.begin(), kinds.begin() + 2);
  EXPECT_THAT(kinds, testing::ElementsAre(
                       "container_agent/accepted", "container_agent/ready",
                       "command_lifecycle/queued", "command_lifecycle/started",
                       "system/init", "user", "assistant"));
}

TEST_F(claude_code, answers_plain_text) {
  agent_process agent{options()};
  agent.write_line("just words");
  auto accepted = agent.wait_for_record("accepted");
  auto result = wait_for_result(agent, accepted["uuid"]);
  EXPECT_EQ(result["result"],
            "You said: just words (this is turn 1 of our conversation)");
}

TEST_F(claude_code, answers_a_prompt_with_line_breaks) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  agent.write_json({{"type", "container_agent"},
                    {"subtype", "prompt"},
                    {"text", "one\ntwo \"three\" ü 🙂"},
                    {"uuid", uuid}});
  EXPECT_EQ(wait_for_result(agent, uuid)["result"],
            "You said: one\ntwo \"three\" ü 🙂 (this is turn 1 of our "
            "conversation)");
}

TEST_F(claude_code, answers_a_prompt_that_is_printed_over_several_lines) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  json message{{"type", "user"},
               {"uuid", uuid},
               {"message", {{"role", "user"}, {"content", "by jq"}}}};
  agent.write(message.dump(2) + '\n');
  EXPECT_EQ(wait_for_result(agent, uuid)["result"],
            "You said: by jq (this is turn 1 of our conversation)");
}

TEST_F(claude_code, loses_one_character_to_half_a_surrogate_pair_in_text_mode) {
  agent_process agent{options({"--output-format", "text"})};
  agent.write_line("HALF");
  EXPECT_EQ(agent.next_line(), "half \xef\xbf\xbd a pair");
}

TEST_F(claude_code, gives_only_answers_in_text_mode) {
  agent_process agent{options({"--output-format", "text"})};
  agent.write_line("one");
  EXPECT_EQ(agent.next_line(),
            "You said: one (this is turn 1 of our conversation)");
  agent.write_line("two");
  EXPECT_EQ(agent.next_line(),
            "You said: two (this is turn 2 of our conversation)");
}

TEST_F(claude_code, gives_an_api_error_as_one_line_in_text_mode) {
  agent_process agent{options({"--output-format", "text"})};
  agent.write_line("ERROR 400");
  auto line = agent.next_line();
  EXPECT_TRUE(line.starts_with("error: ")) << line;
  EXPECT_THAT(line, HasSubstr("400"));
  agent.write_line("still there");
  EXPECT_THAT(agent.next_line(), HasSubstr("You said: still there"));
}

TEST_F(claude_code, reads_a_prompt_of_5_MB_whole) {
  agent_process agent{options()};
  auto uuid = new_uuid();
  auto text = long_text(5'000'000);
  agent.prompt(text, uuid);
  auto replay = agent.wait_for(
    [&](const json& line) {
      return line.value("type", "") == "user" && line["uuid"] == uuid;
    },
    "the replay of the prompt");
  // Not by EXPECT_EQ: nobody wants to see 10 MB in a failure.
  EXPECT_TRUE(replay["message"]["content"] == text)
    << "the prompt that Claude Code has read is another";
  // It is too much for the model; Claude Code says so without asking it.
  auto result = wait_for_result(agent, uuid);
  EXPECT_TRUE(result["is_error"].get<bool>());
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("Prompt is too long"));
  EXPECT_THAT(ask(agent, "next")["result"].get<std::string>(),
              HasSubstr("You said: next"));
}

TEST_F(claude_code, answers_a_prompt_of_2_MB) {
  agent_process agent{options()};
  auto result = ask(agent, "much " + long_text(2'000'000));
  EXPECT_FALSE(result["is_error"].get<bool>());
  EXPECT_THAT(result["result"].get<std::string>(),
              HasSubstr("You said: much 000000000 000000010 "));
}

TEST_F(claude_code, delivers_a_long_answer_whole) {
  agent_process agent{options()};
  const std::size_t length = all_tests() ? 20'000'000 : 4'000'000;
  auto result = ask(agent, "LONG " + std::to_string(length));
  EXPECT_TRUE(result["result"] == long_text(length))
    << "the answer has " << result["result"].get<std::string>().size()
    << " characters, or others";
  EXPECT_THAT(ask(agent, "next")["result"].get<std::string>(),
              HasSubstr("You said: next"));
}

TEST_F(claude_code, never_gets_a_line_that_would_end_it) {
  agent_process agent{options()};
  auto pid = agent.wait_for_record("ready")["pid"];
  // Each of these was seen to end Claude Code with exit code 1.
  for (const auto* line :
       {R"({"type":"user",})", R"({"type":"user"})",
        R"({"type":"user","message":null})",
        R"({"type":"user","message":"hi"})",
        R"({"type":"user","message":{"content":"hi"}})",
        R"({"type":"user","message":{"role":"assistant","content":"hi"}})",
        R"({"type":"control_request","request_id":"host-1"})"}) {
    agent.write_line(line);
    auto rejected = agent.wait_for_record("rejected");
    EXPECT_EQ(rejected["reason"], "invalid_json") << line;
  }
  ask(agent, "alive");
  for (const auto& line : seen(agent))
    EXPECT_NE(line.value("subtype", ""), "claude_exited") << line;
  EXPECT_EQ(claude_pid(agent), pid);
}

TEST_F(claude_code, is_not_asked_to_swallow_a_prompt) {
  agent_process agent{options()};
  // Claude Code was seen to say nothing at all to these.
  for (const auto* content : {"5", "true", R"({"a":1})", "[5]", "[null]",
                              R"(["a"])", R"([{"type":"text"}])"}) {
    agent.write_line(R"({"type":"user","message":{"role":"user","content":)"
                     + std::string{content} + "}}");
    EXPECT_EQ(agent.wait_for_record("rejected")["reason"], "invalid_json")
      << content;
  }
  ask(agent, "next");
}

TEST_F(claude_code, follows_a_session_that_begins_anew) {
  agent_process agent{options()};
  auto before = ask(agent, "before")["session_id"];
  ask(agent, "/clear");
  auto after = ask(agent, "after");
  EXPECT_NE(after["session_id"], before);
  EXPECT_EQ(after["result"],
            "You said: after (this is turn 1 of our conversation)");
  // The new session is the one that a crash resumes.
  ::kill(claude_pid(agent), SIGKILL);
  agent.wait_for_record("claude_exited");
  EXPECT_EQ(agent.wait_for_record("ready")["session_id"], after["session_id"]);
  EXPECT_EQ(ask(agent, "RECALL it")["result"], "Until now you said: after");
}

// -- errors of the API are answers, no crashes --------------------------------

TEST_F(claude_code, an_api_error_is_a_result) {
  agent_process agent{options()};
  agent.wait_for_record("ready");
  auto pid = claude_pid(agent);
  auto result = ask(agent, "ERROR 400");
  EXPECT_TRUE(result["is_error"].get<bool>()) << result;
  EXPECT_EQ(result["api_error_status"], 400);
  ask(agent, "next");
  EXPECT_EQ(claude_pid(agent), pid);
}

TEST_F(claude_code, an_overloaded_api_is_tried_again) {
  agent_process agent{options()};
  auto result = ask(agent, "ERROR 529 1");
  EXPECT_FALSE(result["is_error"].get<bool>()) << result;
  EXPECT_EQ(api_.runs("ERROR 529 1").finished, 1U);
  auto lines = seen(agent);
  EXPECT_TRUE(std::any_of(
    lines.begin(), lines.end(),
    [](const json& line) { return line.value("subtype", "") == "api_retry"; }))
    << "the host is not told of the new try";
}

TEST_F(claude_code, a_dropped_connection_is_made_again) {
  agent_process agent{options()};
  auto result = ask(agent, "DROP 1");
  EXPECT_FALSE(result["is_error"].get<bool>()) << result;
  EXPECT_EQ(api_.runs("DROP 1").started, 2U);
  EXPECT_EQ(api_.runs("DROP 1").finished, 1U);
}

} // namespace container_agent::test
