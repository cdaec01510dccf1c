#include "test/integration/attach_fixture.hpp"

/// The agent joins a Claude that it has not started, and leaves it running.
namespace container_agent::test {

TEST_F(attaching, a_claude_on_fifos_is_joined_and_answers) {
  loose_process claude{this->claude()};
  agent_process agent{this->agent()};
  auto ready = agent.wait_for_record("ready");
  EXPECT_EQ(ready["pid"], claude.pid()) << ready;
  EXPECT_EQ(ready["attached"], true) << ready;
  EXPECT_EQ(ready["resumed"], false) << ready;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(lines_of(state() / "starts").size(), 1U);
}

TEST_F(attaching, a_claude_on_anonymous_pipes_is_joined_and_answers) {
  loose_process claude{this->claude(on_pipes())};
  agent_process agent{this->agent()};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], claude.pid());
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST_F(attaching, it_is_left_running_for_the_next_agent) {
  loose_process claude{this->claude()};
  for (int i = 0; i < 2; ++i) {
    agent_process agent{this->agent()};
    EXPECT_EQ(agent.wait_for_record("ready")["pid"], claude.pid());
    agent.write_line("hello");
    agent.wait_for_answer("echo: hello");
    EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
    agent.wait_for_log("claude_detached");
    EXPECT_TRUE(claude.lives());
  }
}

TEST_F(attaching, the_turn_in_flight_is_finished_before_it_is_let_go) {
  loose_process claude{this->claude()};
  agent_process agent{this->agent()};
  agent.wait_for_record("ready");
  gate turn{agent};
  agent.prompt(turn.prompt(), first_uuid);
  agent.wait_for_log("prompt_accepted");
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  turn.open();
  agent.wait_for_answer("echo: gate");
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  EXPECT_TRUE(claude.lives());
}

TEST_F(attaching, no_attach_starts_one_beside_it) {
  loose_process claude{this->claude()};
  agent_process agent{this->agent({"--attach", "no"})};
  auto ready = agent.wait_for_record("ready");
  EXPECT_NE(ready["pid"], claude.pid()) << ready;
  EXPECT_EQ(ready["attached"], false) << ready;
}

TEST_F(attaching, half_a_line_that_was_left_is_dropped) {
  loose_process claude{this->claude()};
  constexpr std::string_view left
    = "ent\":1}]}\n{\"type\":\"system\",\"n\":1}\n";
  unique_fd writer{::open(out().c_str(), O_WRONLY | O_CLOEXEC)};
  ASSERT_EQ(::write(writer.get(), left.data(), left.size()),
            static_cast<ssize_t>(left.size()));
  writer.reset();
  agent_process agent{this->agent()};
  EXPECT_EQ(agent.wait_for_log("half_line_dropped")["bytes"], 10);
  EXPECT_EQ(agent.next_record()["n"], 1);
  EXPECT_EQ(agent.next_record()["subtype"], "ready");
}

TEST_F(attaching, a_whole_line_that_was_left_comes_first) {
  loose_process claude{this->claude()};
  constexpr std::string_view left = "{\"type\":\"system\",\"n\":1}\n";
  unique_fd writer{::open(out().c_str(), O_WRONLY | O_CLOEXEC)};
  ASSERT_EQ(::write(writer.get(), left.data(), left.size()),
            static_cast<ssize_t>(left.size()));
  writer.reset();
  agent_process agent{this->agent()};
  EXPECT_EQ(agent.next_record()["n"], 1);
  EXPECT_EQ(agent.next_record()["subtype"], "ready");
}

TEST_F(attaching, a_kill_in_mid_turn_is_made_good_by_one_of_its_own) {
  loose_process claude{this->claude()};
  agent_process agent{this->agent()};
  agent.write_line("hello");
  auto session = agent.wait_for_answer("echo: hello")["session_id"];
  agent.prompt("kill-once", first_uuid);
  auto exited = agent.wait_for_record("claude_exited");
  EXPECT_EQ(exited["pid"], claude.pid()) << exited;
  EXPECT_TRUE(exited.at("exit_code").is_null()) << exited;
  EXPECT_FALSE(exited.contains("signal")) << exited;
  EXPECT_EQ(exited["uuid"], first_uuid) << exited;
  auto ready = agent.wait_for_record("ready");
  EXPECT_EQ(ready["attached"], false) << ready;
  EXPECT_EQ(ready["resumed"], true) << ready;
  EXPECT_EQ(ready["session_id"], session) << ready;
  agent.wait_for_answer("echo: kill-once");
  // The turn is noted as completed before the next one begins.
  agent.write_line("next");
  agent.wait_for_answer("echo: next");
  EXPECT_EQ(count_in(state() / "completed", first_uuid), 1U);
}

TEST_F(attaching, a_claude_of_another_agent_is_left_alone) {
  agent_process first{this->agent()};
  auto own = first.wait_for_record("ready");
  EXPECT_EQ(own["attached"], false) << own;
  agent_process second{this->agent()};
  auto ready = second.wait_for_record("ready");
  EXPECT_EQ(ready["attached"], false) << ready;
  EXPECT_NE(ready["pid"], own["pid"]);
  EXPECT_THAT(second.stderr_text(), testing::Not(HasSubstr("attach_refused")));
}

TEST_F(attaching, one_that_an_agent_has_joined_is_in_use) {
  loose_process claude{this->claude()};
  agent_process first{this->agent()};
  first.wait_for_record("ready");
  agent_process second{this->agent()};
  EXPECT_EQ(second.wait_for_record("ready")["attached"], false);
  auto refused = second.wait_for_log("attach_refused");
  EXPECT_EQ(refused["reason"], "in_use") << refused;
  EXPECT_THAT(refused["detail"].get<std::string>(),
              HasSubstr(std::to_string(first.pid()) + " (container-agent)"));
}

TEST_F(attaching, of_two_neither_is_joined) {
  make_fifo(state() / "in2");
  make_fifo(state() / "out2");
  loose_process one{claude()};
  loose_process other{claude(on_fifos(state() / "in2", state() / "out2"))};
  agent_process agent{this->agent()};
  EXPECT_EQ(agent.wait_for_record("ready")["attached"], false);
  for (std::size_t n : {1, 2}) {
    auto refused = agent.wait_for_log("attach_refused", n);
    EXPECT_EQ(refused["reason"], "several") << refused;
    for (auto pid : {one.pid(), other.pid()})
      EXPECT_THAT(refused["detail"].get<std::string>(),
                  HasSubstr(std::to_string(pid)));
  }
}

TEST_F(attaching, one_of_two_is_joined_if_it_is_named) {
  make_fifo(state() / "in2");
  make_fifo(state() / "out2");
  loose_process one{claude()};
  loose_process other{claude(on_fifos(state() / "in2", state() / "out2"))};
  agent_process agent{this->agent({"--attach", std::to_string(other.pid())})};
  EXPECT_EQ(agent.wait_for_record("ready")["pid"], other.pid());
}

TEST_F(attaching, raw_mode_joins_any_program_that_is_named) {
  loose_process::options o;
  o.argv = {"/bin/cat"};
  o.arrange = on_fifos(in(), out());
  loose_process cat{o};
  agent_options options;
  options.attach = true;
  options.claude_command = "cat";
  options.args = {"--mode", "raw", "--attach", std::to_string(cat.pid())};
  agent_process agent{options};
  agent.write("some bytes");
  EXPECT_EQ(agent.read_bytes(10), "some bytes");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  EXPECT_TRUE(cat.lives());
}

} // namespace container_agent::test
