#include "test/integration/client.hpp"
#include "test/support/random_bytes.hpp"

#include <algorithm>
#include <cstring>

/// Raw and transparent mode, and the host that is cc-bridge.
namespace container_agent::test {

namespace {

agent_options raw(const std::string& command,
                  std::vector<std::string> arguments = {}) {
  agent_options options;
  options.args = {"--mode", "raw"};
  options.claude_command = command;
  options.claude_args = std::move(arguments);
  return options;
}

/// 64 MB, both ways.
void pass_much(agent_process& agent) {
  std::string expected;
  for (std::uint64_t i = 0; i < 1024; ++i) {
    auto block = random_bytes(64 * 1024, i);
    // What comes back meanwhile is read by `write`.
    agent.write(block);
    expected += block;
    if (expected.size() >= (4U << 20)) {
      ASSERT_EQ(difference(agent.read_bytes(expected.size()), expected), "")
        << i;
      expected.clear();
    }
  }
}

agent_options cc_bridge() {
  agent_options options;
  options.args = {"--compat", "cc-bridge"};
  options.open_output = false;
  return options;
}

/// One question as cc-bridge asks it; `answer` reads as it reads.
void ask(const agent_process& agent, const std::string& question) {
  open_write_close(agent.input_path(), question + "\n");
}

std::string answer(agent_process& agent) {
  agent.open_output();
  return agent.read_to_eof();
}

} // namespace

// -- raw ----------------------------------------------------------------------

TEST(raw_mode, passes_a_few_bytes_at_once) {
  agent_process agent{raw("cat")};
  for (const auto* text : {"x", "no line feed", "\n", "{\"type\":", "\xFF"}) {
    agent.write(text);
    EXPECT_EQ(agent.read_bytes(std::strlen(text)), text);
  }
}

TEST(raw_mode, passes_64_megabytes_of_anything_both_ways) {
  agent_process agent{raw("cat")};
  pass_much(agent);
}

// In little pieces and in bulk.
TEST(raw_mode, loses_nothing_when_its_child_is_to_start_again) {
  for (std::size_t size : {std::size_t{7}, std::size_t{200'000}}) {
    agent_process agent{raw("cat")};
    agent.write("x"); // its control socket comes after its pipes
    ASSERT_EQ(agent.read_bytes(1), "x");
    std::string sent;
    for (int restart = 0; restart < 10; ++restart) {
      auto restarted = ask_agent(agent, "restart-claude");
      EXPECT_EQ(restarted.status, yes) << restarted.text();
      for (std::size_t i = 0; i < (size < 100 ? 2000 : 20); ++i) {
        auto text = random_bytes(size, sent.size());
        agent.write(text);
        sent += text;
      }
    }
    EXPECT_EQ(difference(agent.read_bytes(sent.size()), sent), "");
  }
}

TEST(raw_mode, ends_with_the_input_if_asked_to) {
  auto options = raw("cat");
  options.args.emplace_back("--exit-on-eof");
  agent_process agent{options};
  std::string bytes(1'000'000, 'x');
  agent.write(bytes);
  agent.close_input();
  EXPECT_TRUE(agent.read_to_eof() == bytes);
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(raw_mode, outlives_writers) {
  agent_process agent{raw("cat")};
  agent.close_input();
  for (int i = 0; i < 100; ++i) {
    open_write_close(agent.input_path(), "0123456789");
    EXPECT_EQ(agent.read_bytes(10), "0123456789");
  }
}

TEST(raw_mode, gives_the_arguments_and_nothing_else) {
  agent_process agent{raw("sh", {"-c", "echo $# $0 $1; exec cat", "a", "b c"})};
  EXPECT_EQ(agent.next_line(), "1 a b c");
}

TEST(raw_mode, starts_a_child_that_ended_again) {
  auto options = raw("head", {"-c", "4"});
  for (auto& arg : fast_restarts())
    options.args.push_back(arg);
  agent_process agent{options};
  agent.write("1234");
  EXPECT_EQ(agent.read_bytes(4), "1234");
  agent.wait_for_stderr("restart");
  agent.write("5678");
  EXPECT_EQ(agent.read_bytes(4), "5678");
}

TEST(raw_mode, gives_up_on_a_child_that_cannot_stay) {
  auto options = raw("false");
  for (auto& arg : fast_restarts())
    options.args.push_back(arg);
  options.open_input = false;
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
}

TEST(raw_mode, ends_in_order) {
  agent_process agent{raw("cat")};
  agent.write("bytes");
  EXPECT_EQ(agent.read_bytes(5), "bytes");
  EXPECT_EQ(agent.stop(), graceful);
  EXPECT_EQ(agent.read_to_eof(), "") << "nothing of the agent's own";
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
}

// -- transparent --------------------------------------------------------------

TEST(transparent, adds_nothing_in_either_direction) {
  agent_options options;
  options.args = {"--transparent"};
  options.claude_args = {"--record-stdin"};
  agent_process agent{options};
  std::vector<std::string> written{
    R"({"type":"control_request","request_id":"1",)"
    R"("request":{"subtype":"initialize"}})",
    R"({"type":"user","message":{"role":"user","content":"one"},"uuid":"a"})",
    R"({"type":"user", "message":{"role":"user","content":"two"}})"};
  for (const auto& line : written)
    agent.write_line(line);
  agent.wait_for_answer("echo: one");
  agent.wait_for_answer("echo: two");
  EXPECT_EQ(lines_of(agent.state_dir() / "stdin"), written);
  for (const auto& line : agent.passed_over())
    EXPECT_EQ(line.find("container_agent"), std::string::npos) << line;
}

TEST(transparent, queues_nothing) {
  agent_options options;
  options.args = {"--transparent"};
  agent_process agent{options};
  gate g{agent};
  agent.prompt(g.prompt(), "a");
  agent.prompt("two", "b");
  agent.wait_for(
    [](const json& r) {
      return r.value("state", "") == "queued"
             && r.value("command_uuid", "") == "b";
    },
    "Claude to queue the second");
  g.open();
  agent.wait_for_answer("echo: two");
}

TEST(transparent, still_keeps_what_would_kill_claude_away) {
  agent_options options;
  options.args = {"--transparent"};
  agent_process agent{options};
  agent.write_line(R"({"type":"user")");
  EXPECT_EQ(agent.wait_for_record("rejected")["reason"], "invalid_json");
  agent.prompt("works");
  agent.wait_for_answer("echo: works");
}

// -- cc-bridge ----------------------------------------------------------------

TEST(cc_bridge, two_hundred_turns_each_with_its_own_answer) {
  agent_process agent{cc_bridge()};
  agent.close_input();
  spawn_options spawn;
  spawn.argv
    = {cc_bridge_host_binary(), agent.input_path(), agent.output_path(), "200"};
  subprocess host{spawn};
  EXPECT_EQ(host.wait_exit(deadline{std::chrono::minutes{2}}), graceful)
    << host.stderr_text() << agent.stderr_text();
  EXPECT_THAT(host.stdout_text(), HasSubstr("200 answers"));
}

TEST(cc_bridge, the_reader_gets_its_end_after_each_answer) {
  agent_process agent{cc_bridge()};
  for (const auto* text : {"one", "two"}) {
    ask(agent, text);
    EXPECT_EQ(answer(agent), std::string{"echo: "} + text + "\n");
  }
}

TEST(cc_bridge, answers_wait_for_their_readers_in_order) {
  agent_process agent{cc_bridge()};
  for (const auto* text : {"one", "two", "three"})
    ask(agent, text);
  for (const auto* text : {"one", "two", "three"})
    EXPECT_EQ(answer(agent), std::string{"echo: "} + text + "\n");
}

TEST(cc_bridge, a_large_answer_comes_whole) {
  agent_process agent{cc_bridge()};
  std::string question(1'000'000, 'q');
  ask(agent, question);
  EXPECT_TRUE(answer(agent) == "echo: " + question + "\n");
}

TEST(cc_bridge, an_error_is_an_answer) {
  agent_process agent{cc_bridge()};
  ask(agent, "api-error");
  EXPECT_EQ(answer(agent).rfind("error: ", 0), 0U);
  ask(agent, "next");
  EXPECT_EQ(answer(agent), "echo: next\n");
}

TEST(cc_bridge, an_answer_that_nobody_fetches_is_dropped) {
  auto options = cc_bridge();
  options.args.insert(options.args.end(), {"--reply-timeout", "50ms"});
  agent_process agent{options};
  ask(agent, "one");
  agent.wait_for_stderr("drop");
  ask(agent, "two");
  EXPECT_EQ(answer(agent), "echo: two\n");
}

TEST(cc_bridge, a_crash_does_not_show) {
  auto options = cc_bridge();
  for (auto& arg : fast_restarts())
    options.args.push_back(arg);
  agent_process agent{options};
  ask(agent, "crash-once 3");
  EXPECT_EQ(answer(agent), "echo: crash-once 3\n");
}

} // namespace container_agent::test
