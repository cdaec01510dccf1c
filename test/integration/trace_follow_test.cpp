#include "test/integration/client.hpp"

#include <fcntl.h>

/// `container-agent trace follow`, as somebody in the container runs it.
namespace container_agent::test {

namespace {

using testing::Not;

/// `trace follow` of an agent, in the background.
subprocess follow(const agent_process& agent, std::vector<std::string> args) {
  spawn_options options;
  options.argv = {agent_binary(), "trace", "follow", "--pipe-dir",
                  agent.input_path().parent_path()};
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  return subprocess{options};
}

} // namespace

TEST(trace_follow, shows_events_until_the_agent_ends) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto shown = follow(agent, {});
  shown.wait_for_output("process " + std::to_string(agent.pid()));
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.stop();
  EXPECT_EQ(shown.wait_exit(), (exit_status{0, 0}));
  auto text = shown.stdout_text();
  EXPECT_THAT(text, HasSubstr("pipe_input → conversation  input_grew"));
  EXPECT_THAT(text, HasSubstr("host_input ⇒ 6 bytes"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b["))) << "this is no terminal";
  EXPECT_EQ(shown.stderr_text(), "container-agent: the agent has ended\n");
}

TEST(trace_follow, shows_what_is_asked_for_and_colours_it) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto shown = follow(agent, {"--type", "input_grew", "--type",
                              "host_output_grew", "--color", "always"});
  shown.wait_for_output("process ");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.stop();
  shown.wait_exit();
  auto text = shown.stdout_text();
  EXPECT_THAT(text, HasSubstr("\x1b[1minput_grew\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("host_output_grew"));
  EXPECT_THAT(text, Not(HasSubstr("child_input")));
}

TEST(trace_follow, gives_other_tools_lines_that_they_read) {
  temp_dir dir;
  agent_process agent;
  agent.wait_for_record("ready");
  auto shown = follow(agent, {"--json"});
  shown.wait_for_output("\"stream\"");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.stop();
  shown.wait_exit();
  write_file(dir / "trace.jsonl", shown.stdout_text());
  auto summary = run_program({"trace", "summary", dir / "trace.jsonl"});
  EXPECT_EQ(summary.status, yes) << summary.err;
  EXPECT_THAT(summary.out, HasSubstr("input_grew"));
}

TEST(trace_follow, says_why_where_there_is_nothing_to_follow) {
  temp_dir dir;
  auto nobody = run_program({"trace", "follow", "--pipe-dir", dir.path()});
  EXPECT_EQ(nobody.status, no);
  EXPECT_THAT(nobody.err, HasSubstr("no agent runs here"));
  agent_options options;
  options.args = {"--trace-ring", "0"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  auto untraced = ask_agent(agent, "trace");
  auto shown = follow(agent, {});
  EXPECT_EQ(shown.wait_exit(), no);
  EXPECT_THAT(shown.stderr_text(), HasSubstr("--trace-ring"));
}

TEST(trace_follow, begins_with_the_past_of_one_prompt) {
  agent_process agent;
  agent.prompt("one", first_uuid);
  agent.prompt("two", second_uuid);
  agent.wait_for_answer("echo: two");
  auto shown
    = follow(agent, {"--past", "1000", "--prompt", first_uuid, "--json",
                     "--actor", "pipe_input", "--actor", "pipe_output"});
  shown.wait_for_output("host_output_grew");
  EXPECT_THAT(shown.stdout_text(),
              HasSubstr("11111111111141118111111111111111"));
  EXPECT_THAT(shown.stdout_text(),
              Not(HasSubstr("22222222222242228222222222222222")));
}

TEST(trace_follow, ends_in_order_at_a_signal) {
  agent_process agent;
  agent.wait_for_record("ready");
  for (int signal : {SIGINT, SIGTERM}) {
    auto shown = follow(agent, {});
    shown.wait_for_output("process ");
    shown.send_signal(signal);
    EXPECT_EQ(shown.wait_exit(), yes) << shown.stderr_text();
  }
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(trace_follow, ends_when_nobody_reads_it_any_more) {
  temp_dir dir;
  make_fifo(dir / "out");
  agent_process agent;
  agent.wait_for_record("ready");
  spawn_options options;
  options.argv
    = {"/bin/sh", "-c",
       agent_binary() + " trace follow --type no_such_type --pipe-dir "
         + agent.input_path().parent_path().string() + " > "
         + (dir / "out").string()};
  subprocess shown{options};
  unique_fd reader{::open((dir / "out").c_str(), O_RDONLY | O_CLOEXEC)};
  char first = 0;
  ASSERT_EQ(::read(reader.get(), &first, 1), 1) << "it has begun";
  reader.reset();
  // No event comes that would tell it.
  EXPECT_EQ(shown.wait_exit(), yes) << shown.stderr_text();
}

} // namespace container_agent::test
