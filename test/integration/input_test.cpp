#include "test/integration/common.hpp"

/// What the host may write, and what becomes of it.
namespace container_agent::test {

TEST(input, plain_text_is_a_prompt) {
  agent_process agent;
  agent.write_line("hello there");
  auto accepted = agent.wait_for_record("accepted");
  EXPECT_TRUE(is_uuid(accepted["uuid"])) << accepted;
  EXPECT_TRUE(accepted["position"].is_number()) << accepted;
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["result"], "echo: hello there");
  EXPECT_EQ(result["user_message_uuid"], accepted["uuid"]);
}

TEST(input, json_goes_to_claude_unchanged) {
  agent_process agent{recording()};
  auto line = std::string{R"( { "type" : "user" , "uuid":")"} + first_uuid
              + R"(","extra":[1, 2.50,{"z":1,"a":"\u00e9"}],)"
                R"( "message":{"content":"hi","role":"user"}}  )";
  agent.write_line(line);
  EXPECT_EQ(agent.wait_for_record("accepted")["uuid"], first_uuid);
  agent.wait_for_answer("echo: hi");
  EXPECT_EQ(forwarded(agent), std::vector<std::string>{line});
}

TEST(input, a_json_prompt_without_uuid_gets_one) {
  agent_process agent{recording()};
  agent.write_line(R"({"message":{"role":"user","content":"hi"},)"
                   R"("priority":"high","type":"user"})");
  auto accepted = agent.wait_for_record("accepted");
  EXPECT_TRUE(is_uuid(accepted["uuid"])) << accepted;
  agent.wait_for_answer("echo: hi");
  auto lines = forwarded(agent);
  ASSERT_EQ(lines.size(), 1U);
  auto sent = json::parse(lines[0]);
  EXPECT_EQ(sent["uuid"], accepted["uuid"]);
  EXPECT_EQ(sent["priority"], "high");
  EXPECT_EQ(sent["message"]["content"], "hi");
}

TEST(input, carriage_returns_at_line_ends_are_dropped) {
  agent_process agent{recording()};
  agent.write("text\r\n" + user_line("json", first_uuid) + "\r\n");
  agent.wait_for_answer("echo: text");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: json");
  for (const auto& line : forwarded(agent))
    EXPECT_EQ(line.find('\r'), std::string::npos) << line;
}

TEST(input, empty_lines_are_nothing) {
  agent_process agent;
  agent.wait_for_record("ready");
  agent.write("\n\r\n\n\n\r\nhello\n");
  EXPECT_EQ(agent.next_record()["subtype"], "accepted");
  agent.wait_for_answer("echo: hello");
}

TEST(input, the_agents_own_prompt_may_have_several_lines) {
  agent_process agent;
  agent.write_json({{"type", "container_agent"},
                    {"subtype", "prompt"},
                    {"text", "one\ntwo\n\"three\""},
                    {"uuid", first_uuid}});
  EXPECT_EQ(agent.wait_for_record("accepted")["uuid"], first_uuid);
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["result"], "echo: one\ntwo\n\"three\"");
}

TEST(input, content_blocks_are_a_prompt) {
  agent_process agent;
  agent.write_line(
    R"({"type":"user","message":{"role":"user","content":[)"
    R"({"type":"text","text":"a"},{"type":"text","text":"b"}]}})");
  agent.wait_for_answer("echo: ab");
}

TEST(input, all_of_unicode_goes_through) {
  agent_process agent;
  std::string text = "grüße \xF0\x9F\x98\x80 \xE2\x80\xA8 \xEF\xBB\xBF end";
  agent.write_line(text);
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: " + text);
}

TEST(input, a_line_may_come_byte_by_byte) {
  agent_process agent;
  for (char c : user_line("slowly \xC3\xA9", first_uuid) + "\r\n")
    agent.write({&c, 1});
  agent.wait_for_answer("echo: slowly \xC3\xA9");
}

TEST(input, many_lines_may_come_at_once) {
  agent_options options;
  options.claude_args = {"--terse"};
  agent_process agent{options};
  std::string all;
  for (int i = 0; i < 500; ++i)
    all += "number " + std::to_string(i) + ".\n";
  agent.write(all);
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(agent.wait_for_type("result")["result"],
              "echo: number " + std::to_string(i) + ".");
}

TEST(input, a_prompt_of_six_megabytes_is_legal) {
  agent_process agent;
  std::string text(6'000'000, 'x');
  agent.write_line(text);
  auto result = agent.wait_for_type("result");
  EXPECT_TRUE(result["result"] == "echo: " + text);
}

TEST(input, status_is_answered_at_once) {
  agent_process agent;
  gate g{agent};
  agent.write_line(g.prompt());
  agent.wait_for_type("system");
  agent.write_line(R"({"type":"container_agent","subtype":"status"})");
  auto status = agent.wait_for_record("status");
  EXPECT_GT(status.size(), 3U) << status;
  g.open();
  agent.wait_for_type("result");
}

// -- prompts that come twice --------------------------------------------------

TEST(input, a_uuid_is_not_run_twice) {
  agent_process agent;
  agent.prompt("hi", first_uuid);
  agent.wait_for_answer("echo: hi");
  agent.prompt("hi", first_uuid);
  auto again = agent.wait_for_record("accepted");
  EXPECT_EQ(again["uuid"], first_uuid);
  EXPECT_EQ(again["duplicate"], true) << again;
  agent.prompt("next", second_uuid);
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_in(agent.state_dir() / "runs", first_uuid), 1U);
}

TEST(input, a_uuid_that_still_waits_is_not_run_twice) {
  agent_process agent;
  gate g{agent};
  agent.prompt(g.prompt(), first_uuid);
  agent.prompt("second", second_uuid);
  agent.prompt("second", second_uuid);
  agent.wait_for([](const json& r) { return r.value("duplicate", false); },
                 "a duplicate");
  g.open();
  agent.wait_for_answer("echo: second");
  agent.write_line("third");
  agent.wait_for_answer("echo: third");
  EXPECT_EQ(count_in(agent.state_dir() / "runs", second_uuid), 1U);
}

// -- one line after the other -------------------------------------------------

TEST(input, the_next_prompt_waits_for_the_result) {
  agent_process agent;
  gate g{agent};
  agent.prompt(g.prompt(), first_uuid);
  agent.prompt("second", second_uuid);
  agent.wait_for(
    [](const json& r) {
      return r.value("position", 0) > 0 && r["uuid"] == second_uuid;
    },
    "the second to be accepted");
  g.open();
  agent.wait_for_answer("echo: gate");
  agent.wait_for_answer("echo: second");
  // The order of what was said: completed, then queued.
  std::vector<std::string> said;
  for (const auto& line : agent.passed_over()) {
    auto r = json::parse(line);
    if (r.value("type", "") == "command_lifecycle")
      said.push_back(r["command_uuid"].get<std::string>().substr(0, 1) + ' '
                     + r["state"].get<std::string>());
  }
  EXPECT_THAT(said, testing::ElementsAre("1 queued", "1 started", "1 completed",
                                         "2 queued", "2 started"));
}

TEST(input, more_may_be_in_flight_if_asked_for) {
  agent_options options;
  options.args = {"--max-in-flight", "3"};
  agent_process agent{options};
  gate g{agent};
  agent.prompt(g.prompt(), first_uuid);
  agent.prompt("second", second_uuid);
  agent.wait_for(
    [](const json& r) {
      return r.value("state", "") == "queued"
             && r.value("command_uuid", "") == second_uuid;
    },
    "Claude to queue the second");
  g.open();
  agent.wait_for_answer("echo: gate");
  agent.wait_for_answer("echo: second");
  agent.write_line("third");
  agent.wait_for_answer("echo: third");
}

TEST(input, a_full_queue_blocks_the_writer_and_loses_nothing) {
  agent_options options;
  options.args = {"--max-queue", "4"};
  agent_process agent{options};
  gate g{agent};
  agent.write_line(g.prompt());
  agent.wait_for_type("system");
  // 4 MB: more than all pipes and buffers on the way hold.
  constexpr int prompts = 1000;
  std::string all;
  for (int i = 0; i < prompts; ++i)
    all += "number " + std::to_string(i) + ". " + std::string(4000, 'x') + '\n';
  auto written = std::size_t{0};
  for (int accepted = 0; accepted < 4;) {
    written += agent.write_some(std::string_view{all}.substr(written));
    accepted += agent.next_record().value("subtype", "") == "accepted";
  }
  // Whatever else there is room for; then no more is taken.
  while (auto n = agent.write_some(std::string_view{all}.substr(written)))
    written += n;
  EXPECT_LT(written, all.size());
  g.open();
  int before_the_first_answer = 4;
  for (;;) {
    auto record = agent.next_record();
    if (record.value("type", "") == "result")
      break;
    before_the_first_answer += record.value("subtype", "") == "accepted";
  }
  EXPECT_EQ(before_the_first_answer, 4);
  agent.write(std::string_view{all}.substr(written));
  for (int i = 0; i < prompts; ++i) {
    auto result = agent.wait_for_type("result");
    ASSERT_EQ(result["result"].get<std::string>().substr(0, 14),
              ("echo: number " + std::to_string(i) + ". xx").substr(0, 14));
  }
}

} // namespace container_agent::test
