#include "test/integration/common.hpp"

/// How it ends: in order, within its time, and with nothing left behind.
namespace container_agent::test {

namespace {

/// Longer than any test waits: the end must come from something else.
agent_options patient() {
  agent_options options;
  options.args = {"--drain-timeout", "10m"};
  return options;
}

agent_options impatient() {
  agent_options options;
  options.args = {"--drain-timeout", "100ms"};
  return options;
}

void wait_turn(agent_process& agent) {
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
}

} // namespace

class signals : public testing::TestWithParam<int> {};

TEST_P(signals, end_an_idle_agent) {
  agent_process agent{patient()};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto child = agent.child_pid();
  agent.send_signal(GetParam());
  auto stopping = agent.wait_for_record("stopping");
  EXPECT_FALSE(stopping["reason"].get<std::string>().empty()) << stopping;
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_FALSE(is_alive(child));
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
  EXPECT_EQ(kind_of(agent.output_path()), "missing");
}

INSTANTIATE_TEST_SUITE_P(shutdown, signals, testing::Values(SIGTERM, SIGINT),
                         [](const auto& info) {
                           return info.param == SIGTERM ? "SIGTERM" : "SIGINT";
                         });

// The benchmark measures it; this is against a wait that does not belong there.
TEST(shutdown, of_an_idle_child_takes_no_time) {
  std::vector<std::chrono::steady_clock::duration> times;
  for (int i = 0; i < 5; ++i) {
    auto options = patient();
    options.args.insert(options.args.end(), {"--mode", "raw"});
    options.claude_command = "cat";
    agent_process agent{options};
    agent.write_line("hello");
    EXPECT_EQ(agent.read_bytes(6), "hello\n");
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(agent.stop(), graceful);
    times.push_back(std::chrono::steady_clock::now() - begin);
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[2], std::chrono::milliseconds{500});
}

TEST(shutdown, while_claude_is_starting) {
  auto options = patient();
  options.claude_args = {"--no-initialize"};
  agent_process agent{options};
  agent.write_line("never run");
  agent.wait_for_record("accepted");
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_for_record("failed")["reason"], "shutting_down");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, lets_the_turn_finish) {
  agent_process agent{patient()};
  gate g{agent};
  agent.prompt(g.prompt(), first_uuid);
  wait_turn(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  g.open();
  agent.wait_for_answer("echo: gate");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, fails_the_prompts_that_wait) {
  agent_process agent{patient()};
  gate g{agent};
  agent.prompt(g.prompt(), first_uuid);
  agent.prompt("second", second_uuid);
  wait_turn(agent);
  agent.send_signal(SIGTERM);
  auto failed = agent.wait_for_record("failed");
  EXPECT_EQ(failed["uuid"], second_uuid) << failed;
  EXPECT_EQ(failed["reason"], "shutting_down") << failed;
  g.open();
  agent.wait_for_answer("echo: gate");
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_EQ(count_in(agent.state_dir() / "runs", second_uuid), 0U);
}

TEST(shutdown, interrupts_a_turn_that_takes_too_long) {
  agent_process agent{impatient()};
  agent.prompt("hang", first_uuid);
  wait_turn(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  EXPECT_EQ(agent.wait_for_type("result")["subtype"], "error_during_execution");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, the_host_may_answer_a_permission_while_it_drains) {
  agent_process agent{patient()};
  agent.write_line("ask");
  auto request = agent.wait_for_type("control_request");
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  agent.write_json({{"type", "control_response"},
                    {"response",
                     {{"subtype", "success"},
                      {"request_id", request["request_id"]},
                      {"response", {{"behavior", "allow"}}}}}});
  agent.wait_for_answer("\"allow\"");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, ends_a_child_that_will_not) {
  agent_process agent{impatient()};
  agent.prompt("stubborn", first_uuid);
  wait_turn(agent);
  auto child = agent.child_pid();
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_for_record("failed")["uuid"], first_uuid);
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_FALSE(is_alive(child));
}

TEST(shutdown, ends_a_child_that_ignores_signals_by_closing_its_stdin) {
  auto options = patient();
  options.claude_args = {"--ignore-signals"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  auto child = agent.child_pid();
  EXPECT_EQ(agent.stop(), graceful);
  EXPECT_FALSE(is_alive(child));
}

TEST(shutdown, a_second_signal_hurries) {
  agent_process agent{patient()};
  agent.prompt("hang", first_uuid);
  wait_turn(agent);
  agent.send_signal(SIGTERM);
  agent.wait_for_record("stopping");
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, many_signals_do_no_harm) {
  agent_process agent{patient()};
  agent.prompt("stubborn", first_uuid);
  wait_turn(agent);
  auto child = agent.child_pid();
  for (int i = 0; i < 20; ++i)
    agent.send_signal(i % 2 == 0 ? SIGTERM : SIGINT);
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_FALSE(is_alive(child));
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
}

TEST(shutdown, ends_the_childs_own_children) {
  agent_process agent{patient()};
  agent.write_line("grandchild");
  auto grandchild = grandchild_in(agent.wait_for_type("result"));
  EXPECT_TRUE(is_alive(grandchild));
  EXPECT_EQ(agent.stop(), graceful);
  wait_gone(grandchild);
}

TEST(shutdown, with_no_reader_is_not_held_up) {
  auto options = impatient();
  options.args.insert(options.args.end(), {"--max-backlog", "2MiB"});
  agent_process agent{options};
  agent.set_reading(false);
  agent.write_line("flood 3000000");
  directory_watch watch(agent.state_dir());
  watch.wait_until(
    [&] { return kind_of(agent.state_dir() / "stalled") == "regular"; },
    "a full output");
  auto child = children_of(agent.pid()).at(0);
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_FALSE(is_alive(child));
}

TEST(shutdown, loses_nothing_that_the_host_still_reads) {
  auto options = patient();
  options.args.insert(options.args.end(), {"--max-backlog", "2MiB"});
  agent_process agent{options};
  agent.set_reading(false);
  agent.write_line("flood 3000000 100");
  directory_watch watch(agent.state_dir());
  watch.wait_until(
    [&] { return kind_of(agent.state_dir() / "stalled") == "regular"; },
    "a full output");
  agent.send_signal(SIGTERM);
  agent.set_reading(true);
  long next = 0;
  for (;;) {
    auto record = agent.next_record();
    if (record.contains("number"))
      ASSERT_EQ(record["number"], next++);
    else if (record["type"] == "result")
      break;
  }
  EXPECT_EQ(next, 30'000);
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(shutdown, of_a_host_that_never_came) {
  agent_options options;
  options.open_input = options.open_output = false;
  agent_process agent{options};
  directory_watch watch(agent.state_dir());
  watch.wait_until(
    [&] { return !lines_of(agent.state_dir() / "starts").empty(); },
    "Claude to start");
  EXPECT_EQ(agent.stop(), graceful);
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
}

TEST(shutdown, hangup_is_no_end) {
  agent_process agent;
  agent.wait_for_record("ready");
  agent.send_signal(SIGHUP);
  agent.send_signal(SIGPIPE);
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

// -- the end of the input -----------------------------------------------------

TEST(exit_on_eof, answers_all_and_ends) {
  agent_options options;
  options.args = {"--exit-on-eof"};
  agent_process agent{options};
  agent.write("one\ntwo\nthree\n");
  agent.close_input();
  for (const auto* text : {"one", "two", "three"})
    EXPECT_EQ(agent.wait_for_type("result")["result"],
              std::string{"echo: "} + text);
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(exit_on_eof, does_not_end_while_a_writer_is_there) {
  agent_options options;
  options.args = {"--exit-on-eof"};
  agent_process agent{options};
  auto second = try_open_fifo_writer(agent.input_path());
  ASSERT_TRUE(second);
  agent.write_line("one");
  agent.close_input();
  agent.wait_for_answer("echo: one");
  ASSERT_GT(::write(second->get(), "two\n", 4), 0);
  agent.wait_for_answer("echo: two");
  second.reset();
  EXPECT_EQ(agent.wait_exit(), graceful);
}

TEST(exit_on_eof, refuses_a_half_line_and_ends) {
  agent_options options;
  options.args = {"--exit-on-eof"};
  agent_process agent{options};
  agent.write("one\nhalf a li");
  agent.close_input();
  agent.wait_for_record("rejected");
  EXPECT_EQ(agent.wait_exit(), graceful);
}

// -- the agent itself is killed -----------------------------------------------

TEST(shutdown, the_child_dies_with_a_killed_agent) {
  agent_process agent;
  agent.prompt("stubborn", first_uuid);
  wait_turn(agent);
  auto child = agent.child_pid();
  agent.send_signal(SIGKILL);
  EXPECT_EQ(agent.wait_exit(), (exit_status{-1, SIGKILL}));
  wait_gone(child);
}

TEST(shutdown, what_a_killed_agent_left_is_used_again) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir.path();
  {
    agent_process agent{options};
    agent.wait_for_record("ready");
    agent.send_signal(SIGKILL);
    agent.wait_exit();
  }
  EXPECT_EQ(kind_of(dir / "claude.in.fifo"), "fifo");
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

} // namespace container_agent::test
