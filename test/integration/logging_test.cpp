#include "test/integration/common.hpp"

/// The log is on stderr, and only there, and tells no secrets.
namespace container_agent::test {

namespace {

/// One turn, one refused line, one crash, and the end.
void live_a_little(agent_process& agent) {
  agent.write_line("hello there");
  agent.wait_for_answer("hello there");
  agent.write_line(R"({"type":"frobnicate"})");
  agent.write_line("kill-once");
  agent.wait_for_answer("kill-once");
  agent.stop();
}

agent_options at_level(const std::string& level) {
  agent_options options;
  options.args = fast_restarts();
  options.args.insert(options.args.end(), {"--log-level", level});
  return options;
}

} // namespace

TEST(logging, every_line_is_json_with_the_fields) {
  for (const auto* level : {"trace", "info"}) {
    agent_process agent{at_level(level)};
    live_a_little(agent);
    auto lines = agent.log();
    EXPECT_GT(lines.size(), 3U);
    for (const auto& line : lines) {
      ASSERT_TRUE(line.is_object()) << line;
      EXPECT_TRUE(is_timestamp(line.value("timestamp", ""))) << line;
      EXPECT_THAT(line.value("level", ""),
                  testing::AnyOf("trace", "debug", "info", "warn", "error"))
        << line;
      EXPECT_FALSE(line.value("logger", "").empty()) << line;
      EXPECT_TRUE(std::regex_match(line.value("event", ""),
                                   std::regex("[a-z][a-z0-9_]*")))
        << line;
    }
    EXPECT_EQ(agent.stdout_text(), "");
  }
}

TEST(logging, every_operation_is_told) {
  agent_process agent{at_level("debug")};
  live_a_little(agent);
  auto text = agent.stderr_text();
  for (const auto* word : {"start", "ready", "accepted", "rejected", "exited",
                           "restart", "prompt_sent", "stop"})
    EXPECT_THAT(text, HasSubstr(word));
  EXPECT_THAT(text, HasSubstr(agent.input_path().string()));
}

TEST(logging, prompts_and_answers_are_not_in_it) {
  agent_process agent{at_level("info")};
  agent.write_line("my-private-words");
  agent.wait_for_answer("my-private-words");
  agent.write_line("stderr public-words");
  agent.wait_for_answer("public-words");
  agent.write_line(R"({"type":"user","my-private-words)");
  agent.wait_for_record("rejected");
  agent.stop();
  EXPECT_EQ(agent.stderr_text().find("my-private-words"), std::string::npos)
    << agent.stderr_text();
}

TEST(logging, secrets_are_not_in_it_at_any_level) {
  auto options = at_level("trace");
  options.env = {{"ANTHROPIC_API_KEY", "sk-ant-api03-secret-one"}};
  options.args.insert(options.args.end(),
                      {"--env", "MY_TOKEN=secret-two", "--env",
                       "OTHER=sk-ant-api03-secret-three"});
  options.claude_args = {"--api-key", "secret-four", "--ready-stderr",
                         "Authorization: Bearer secret-five"};
  agent_process agent{options};
  live_a_little(agent);
  for (const auto* secret : {"secret-one", "secret-two", "secret-three",
                             "secret-four", "secret-five"})
    EXPECT_EQ(agent.stderr_text().find(secret), std::string::npos) << secret;
}

TEST(logging, claudes_stderr_is_in_it) {
  agent_process agent{at_level("info")};
  agent.write_line("stderr something is odd");
  agent.wait_for_stderr("something is odd");
  for (const auto& line : agent.log())
    EXPECT_TRUE(line.is_object()) << line;
}

TEST(logging, claudes_stderr_does_no_harm) {
  auto options = at_level("info");
  options.claude_args = {"--ready-stderr", "quote \" and \x01 and \xFF"};
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.wait_for_stderr("quote");
  agent.stop();
  for (const auto& line : agent.log())
    EXPECT_TRUE(line.is_object()) << line;
}

TEST(logging, levels_leave_out_what_is_below) {
  agent_process agent{at_level("warn")};
  live_a_little(agent);
  for (const auto& line : agent.log())
    EXPECT_THAT(line.value("level", ""), testing::AnyOf("warn", "error"))
      << line;
  EXPECT_FALSE(agent.log().empty()) << "a crash deserves a warning";
}

TEST(logging, off_is_silent) {
  agent_process agent{at_level("off")};
  live_a_little(agent);
  EXPECT_EQ(agent.stderr_text(), "");
}

TEST(logging, text_is_for_people) {
  auto options = at_level("info");
  options.args.insert(options.args.end(), {"--log-format", "text"});
  agent_process agent{options};
  live_a_little(agent);
  EXPECT_THAT(agent.stderr_text(), HasSubstr("info"));
  for (const auto& line : agent.log())
    EXPECT_TRUE(line.is_string()) << line;
}

TEST(logging, a_file_takes_it_and_hangup_reopens_it) {
  temp_dir dir;
  auto options = at_level("info");
  options.args.insert(options.args.end(), {"--log-file", dir / "agent.log"});
  agent_process agent{options};
  agent.wait_for_record("ready");
  EXPECT_FALSE(lines_of(dir / "agent.log").empty());
  // As logrotate does it.
  std::filesystem::rename(dir / "agent.log", dir / "agent.log.1");
  directory_watch watch(dir.path());
  agent.send_signal(SIGHUP);
  watch.wait_until([&] { return kind_of(dir / "agent.log") == "regular"; },
                   "the new log file");
  agent.write_line("kill-once");
  agent.wait_for_answer("kill-once");
  agent.stop();
  EXPECT_THAT(read_file(dir / "agent.log"), HasSubstr("restart"));
  EXPECT_EQ(read_file(dir / "agent.log.1").find("restart"), std::string::npos);
  for (const auto& line : lines_of(dir / "agent.log"))
    EXPECT_TRUE(json::parse(line, nullptr, false).is_object()) << line;
  EXPECT_EQ(agent.stderr_text(), "");
}

TEST(logging, a_log_file_that_cannot_be_opened_ends_the_start) {
  agent_options options;
  options.args = {"--log-file", "/nowhere/at/all/agent.log"};
  options.open_input = options.open_output = false;
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{2, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr("/nowhere/at/all/agent.log"));
}

} // namespace container_agent::test
