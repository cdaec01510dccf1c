#include "test/integration/common.hpp"

/// That the stand-in does what the other tests take for granted, by pipes and
/// without the agent.
namespace container_agent::test {

namespace {

class fake_claude : public testing::Test {
protected:
  subprocess& start(std::vector<std::string> arguments = {}) {
    spawn_options options;
    options.argv = {fake_claude_binary(), "-p", "--replay-user-messages"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.env = {{"FAKE_CLAUDE_STATE", state_.path()}};
    options.stdin_pipe = true;
    process_ = std::make_unique<subprocess>(options);
    return *process_;
  }

  void write(const std::string& line) { process_->write_stdin(line + '\n'); }

  json read() {
    auto line = process_->read_line();
    if (!line)
      throw std::runtime_error("it ended: " + process_->stderr_text());
    return json::parse(*line);
  }

  /// Reads on to a line of this type.
  json read_type(const std::string& type) {
    for (;;) {
      auto line = read();
      if (line.value("type", "") == type)
        return line;
    }
  }

  std::size_t runs() const { return lines_of(state_ / "runs").size(); }

  temp_dir state_;
  std::unique_ptr<subprocess> process_;
};

} // namespace

TEST_F(fake_claude, says_what_claude_code_says) {
  start();
  write(R"({"type":"control_request","request_id":"1",)"
        R"("request":{"subtype":"initialize"}})");
  EXPECT_EQ(read()["response"]["request_id"], "1");
  write(user_line("hi", first_uuid));
  for (const auto* state : {"queued", "started"}) {
    auto line = read();
    EXPECT_EQ(line["type"], "command_lifecycle");
    EXPECT_EQ(line["command_uuid"], first_uuid);
    EXPECT_EQ(line["state"], state);
  }
  auto init = read();
  EXPECT_EQ(init["subtype"], "init");
  auto replay = read();
  EXPECT_EQ(replay["isReplay"], true);
  EXPECT_EQ(replay["uuid"], first_uuid);
  EXPECT_EQ(read()["message"]["content"][0]["text"], "echo: hi");
  auto result = read();
  EXPECT_EQ(result["result"], "echo: hi");
  EXPECT_EQ(result["session_id"], init["session_id"]);
  EXPECT_EQ(result["user_message_uuids"], json::array({first_uuid}));
  EXPECT_EQ(read()["state"], "completed");
  process_->close_stdin();
  EXPECT_EQ(process_->wait_exit(), (exit_status{0, 0}));
}

TEST_F(fake_claude, dies_of_a_malformed_line) {
  start();
  write(R"({"type":"user")");
  EXPECT_EQ(process_->wait_exit(), (exit_status{1, 0}));
  EXPECT_THAT(process_->stderr_text(),
              HasSubstr("Error parsing streaming input line"));
}

TEST_F(fake_claude, runs_a_uuid_once_over_a_crash) {
  start();
  write(user_line("crash-once 7", first_uuid));
  EXPECT_EQ(process_->wait_exit(), (exit_status{7, 0}));
  auto text = process_->stdout_text();
  auto init = text.find("\"session_id\":\"") + 14;
  auto session = text.substr(init, 36);
  start({"--resume", session});
  write(user_line("crash-once 7", first_uuid));
  EXPECT_EQ(read_type("result")["session_id"], session);
  process_->close_stdin();
  process_->wait_exit();
  EXPECT_EQ(runs(), 2U);
  start({"--resume", session});
  write(user_line("crash-once 7", first_uuid));
  EXPECT_EQ(read()["isReplay"], true);
  EXPECT_EQ(read()["state"], "completed");
  EXPECT_EQ(runs(), 2U);
}

TEST_F(fake_claude, does_not_know_every_session) {
  start({"--resume", first_uuid});
  EXPECT_EQ(read()["is_error"], true);
  EXPECT_EQ(process_->wait_exit(), (exit_status{1, 0}));
  EXPECT_THAT(process_->stderr_text(),
              HasSubstr("No conversation found with session ID"));
}

TEST_F(fake_claude, is_interrupted) {
  start();
  write(user_line("hang", first_uuid));
  read_type("system");
  write(R"({"type":"control_request","request_id":"stop",)"
        R"("request":{"subtype":"interrupt"}})");
  EXPECT_EQ(read_type("control_response")["response"]["request_id"], "stop");
  EXPECT_EQ(read_type("result")["terminal_reason"], "aborted_streaming");
  EXPECT_EQ(read()["state"], "cancelled");
  process_->close_stdin();
  EXPECT_EQ(process_->wait_exit(), (exit_status{1, 0}))
    << "as after every turn that failed";
}

TEST_F(fake_claude, merges_what_waits_while_a_turn_runs) {
  start();
  write(user_line("hang", first_uuid));
  read_type("system");
  write(user_line("two", "b"));
  write(user_line("three", "c"));
  write(R"({"type":"control_request","request_id":"stop",)"
        R"("request":{"subtype":"interrupt"}})");
  auto response = read_type("control_response");
  EXPECT_EQ(response["response"]["response"]["still_queued"],
            json::array({"b", "c"}));
  read_type("result");
  auto result = read_type("result");
  EXPECT_EQ(result["result"], "echo: two\nthree");
  EXPECT_EQ(result["user_message_uuids"], json::array({"b", "c"}));
}

TEST_F(fake_claude, ends_by_signal_as_claude_code_does) {
  start();
  write(user_line("hang", first_uuid));
  read_type("system");
  process_->send_signal(SIGTERM);
  EXPECT_EQ(process_->wait_exit(), (exit_status{143, 0}));
}

} // namespace container_agent::test
