#include "test/integration/common.hpp"

/// What the host reads: Claude's lines as they are, and the agent's records.
namespace container_agent::test {

namespace {

/// Lets Claude say exactly these bytes, and returns what the host reads
/// between the turn's `init` and its replay.
std::string relayed(agent_process& agent, const std::string& said) {
  auto file = agent.dir() / "said";
  write_file(file, said);
  agent.write_line("emit-file " + file.string());
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "init");
  return agent.read_bytes(said.size());
}

} // namespace

TEST(output, claudes_lines_are_relayed_byte_for_byte) {
  agent_process agent;
  std::string said
    = R"({"type":"frobnicate_v7","z":1,"a":2})"
      "\n"
      R"(  { "b" : 1 ,  "a":2.50, "type" : "system"  }  )"
      "\n"
      R"({"type":"assistant","a":"\u00e9\u2028\/\ud83d\ude00","n":1e400})"
      "\n"
      R"({"type":"user","type":"assistant","type":"keep_alive"})"
      "\n"
      R"({"n":123456789012345678901234567890.10,"type":"stream_event"})"
      "\n"
      "{\"type\":\"assistant\",\"t\":\"\xC3\xA9\xF0\x9F\x98\x80\"}\n"
      "{}\n[]\n5\n\"type\"\n";
  EXPECT_EQ(relayed(agent, said), said);
  agent.wait_for_answer("echo: emit-file");
}

TEST(output, what_is_no_json_is_relayed_too) {
  agent_process agent;
  std::string said = "no JSON at all\n\x01\x02{]\n\xFF\xFE\xC0\n{\"type\":\n";
  EXPECT_EQ(relayed(agent, said), said);
  agent.wait_for_answer("echo: emit-file");
  agent.write_line("still there");
  agent.wait_for_answer("echo: still there");
}

TEST(output, a_result_may_look_like_anything) {
  agent_process agent;
  // A `type` in nested objects and in texts, none at the top.
  std::string said
    = R"({"message":{"type":"result","result":"no"},"x":"\"type\":\"result\""})"
      "\n"
      R"({"type":"assistant","message":{"type":"result"},"uuid":"result"})"
      "\n";
  EXPECT_EQ(relayed(agent, said), said);
  agent.write_line("next");
  agent.wait_for_answer("echo: emit-file");
  agent.wait_for_answer("echo: next");
}

TEST(output, bytes_may_come_one_by_one) {
  agent_process agent;
  agent.write_line("dribble");
  agent.wait_for_answer("echo: dribble");
  agent.write_line("next");
  agent.wait_for_answer("echo: next");
}

TEST(output, a_line_of_20_megabytes_is_relayed) {
  agent_process agent;
  agent.write_line("long 20000000");
  auto line = agent.wait_for([](const json& r) { return r.contains("number"); },
                             "the long line");
  EXPECT_GT(line["pad"].get<std::string>().size(), 19'999'900U);
  agent.wait_for_answer("echo: long");
}

TEST(output, many_lines_keep_their_order) {
  agent_process agent;
  agent.write_line("flood 3000000 100");
  long next = 0;
  for (;;) {
    auto record = agent.next_record();
    if (record.contains("number"))
      ASSERT_EQ(record["number"], next++);
    else if (record["type"] == "result")
      break;
  }
  EXPECT_EQ(next, 30'000);
}

// -- the agent's own records --------------------------------------------------

TEST(output, every_record_has_its_marks) {
  agent_process agent;
  agent.write_line("hello");
  agent.write_line(R"({"type":"frobnicate"})");
  agent.write_line(R"({"type":"container_agent","subtype":"status"})");
  agent.wait_for_answer("echo: hello");
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  int records = 0;
  for (const auto& line : agent.passed_over()) {
    auto record = json::parse(line);
    if (record["type"] != "container_agent")
      continue;
    ++records;
    EXPECT_EQ(line.rfind(R"({"type":"container_agent","subtype":")", 0), 0U)
      << line;
    EXPECT_TRUE(is_timestamp(record["time"])) << line;
    EXPECT_EQ(line.find(": "), line.find(": \"")) << "not compact: " << line;
  }
  EXPECT_GE(records, 4);
}

TEST(output, ready_says_who_is_ready) {
  agent_process agent;
  auto ready = agent.wait_for_record("ready");
  EXPECT_TRUE(is_alive(ready["pid"])) << ready;
  EXPECT_TRUE(ready.contains("session_id")) << ready;
  EXPECT_EQ(ready["attached"], false) << ready;
  EXPECT_EQ(ready["resumed"], false) << ready;
}

TEST(output, accepted_comes_before_claudes_lines) {
  agent_process agent;
  agent.prompt("hello", first_uuid);
  agent.wait_for_type("command_lifecycle");
  bool accepted = false;
  for (const auto& line : agent.passed_over())
    accepted = accepted || json::parse(line)["subtype"] == "accepted";
  EXPECT_TRUE(accepted);
}

TEST(output, the_agents_own_initialize_is_not_shown) {
  agent_process agent;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  for (const auto& line : agent.passed_over())
    EXPECT_EQ(line.find("control_response"), std::string::npos) << line;
}

TEST(output, status_is_a_document) {
  agent_process agent;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.write_line(R"({"type":"container_agent","subtype":"status"})");
  auto status = agent.wait_for_record("status");
  EXPECT_EQ(status["state"], "ready") << status;
  EXPECT_THAT(status.dump(), HasSubstr(std::to_string(agent.child_pid())));
}

// -- text ---------------------------------------------------------------------

namespace {

agent_options text_output() {
  agent_options options;
  options.args = {"--output-format", "text"};
  return options;
}

} // namespace

TEST(text_output, is_the_answer_and_nothing_else) {
  agent_process agent{text_output()};
  agent.write_line("one");
  EXPECT_EQ(agent.next_line(), "echo: one");
  agent.write_line("two");
  EXPECT_EQ(agent.next_line(), "echo: two");
  agent.stop();
  EXPECT_EQ(agent.try_next_line(), std::nullopt);
}

TEST(text_output, keeps_line_breaks_and_unicode) {
  agent_process agent{text_output()};
  agent.write_json({{"type", "container_agent"},
                    {"subtype", "prompt"},
                    {"text", "one\n\"two\" \xC3\xA9\\\t\x01"}});
  EXPECT_EQ(agent.next_line(), "echo: one");
  EXPECT_EQ(agent.next_line(), "\"two\" \xC3\xA9\\\t\x01");
}

TEST(text_output, an_error_is_one_line) {
  agent_process agent{text_output()};
  agent.write_line("api-error");
  EXPECT_EQ(agent.next_line(), "error: API Error: 529 overloaded");
  agent.write_line("next");
  EXPECT_EQ(agent.next_line(), "echo: next");
}

TEST(text_output, a_refused_line_is_an_error) {
  agent_process agent{text_output()};
  agent.write_line("caf\xE9");
  EXPECT_EQ(agent.next_line().rfind("error: ", 0), 0U);
  agent.write_line("next");
  EXPECT_EQ(agent.next_line(), "echo: next");
}

TEST(text_output, a_crash_does_not_show_when_the_answer_comes) {
  auto options = text_output();
  for (auto& arg : fast_restarts())
    options.args.push_back(arg);
  agent_process agent{options};
  agent.write_line("crash-once 3");
  EXPECT_EQ(agent.next_line(), "echo: crash-once 3");
}

} // namespace container_agent::test
