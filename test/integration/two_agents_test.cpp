#include "test/integration/common.hpp"

#include <poll.h>

/// Two agents on one pair of pipes: the second is refused, the first goes on.
namespace container_agent::test {

namespace {

constexpr exit_status refused{7, 0};

agent_options on(const std::filesystem::path& dir) {
  agent_options result;
  result.pipe_dir = dir;
  return result;
}

/// A second agent that is not waited for at its pipes.
agent_options second_on(const std::filesystem::path& dir) {
  auto result = on(dir);
  result.open_input = result.open_output = false;
  return result;
}

void expect_refused(agent_options options, const agent_process& by) {
  agent_process second{std::move(options)};
  EXPECT_EQ(second.wait_exit(), refused);
  EXPECT_THAT(second.stderr_text(),
              HasSubstr("(pid " + std::to_string(by.pid()) + ")"));
}

} // namespace

TEST(two_agents, the_second_is_refused_and_the_first_goes_on) {
  temp_dir dir;
  agent_process first{on(dir.path())};
  gate g{first};
  first.write_line(g.prompt());
  first.wait_for_type("system");
  expect_refused(second_on(dir.path()), first);
  g.open();
  first.wait_for_answer("echo: gate");
  first.write_line("hello");
  first.wait_for_answer("echo: hello");
  EXPECT_EQ(first.stop(), (exit_status{0, 0}));
  for (const auto& entry : std::filesystem::directory_iterator{dir.path()})
    EXPECT_EQ(entry.path().filename(), "claude.state");
}

TEST(two_agents, each_mode_is_refused) {
  temp_dir dir;
  auto compat = second_on(dir.path());
  compat.args = {"--compat", "cc-bridge"};
  agent_process first{compat};
  first.wait_for_log("claude_started");
  expect_refused(second_on(dir.path()), first);
  expect_refused(compat, first);
  auto raw = second_on(dir.path());
  raw.args = {"--mode", "raw"};
  expect_refused(raw, first);
}

TEST(two_agents, check_tells_and_disturbs_nobody) {
  temp_dir dir;
  agent_process first{on(dir.path())};
  auto options = second_on(dir.path());
  options.args = {"--check"};
  agent_process check{options};
  EXPECT_EQ(check.wait_exit(), refused);
  EXPECT_THAT(check.stderr_text(),
              HasSubstr("(pid " + std::to_string(first.pid()) + ")"));
  first.write_line("hello");
  first.wait_for_answer("echo: hello");
}

TEST(two_agents, after_a_killed_one_the_next_starts_at_once) {
  temp_dir dir;
  {
    agent_process first{on(dir.path())};
    first.wait_for_record("ready");
    first.send_signal(SIGKILL);
    first.wait_exit();
  }
  EXPECT_EQ(kind_of(dir / "claude.in.fifo.lock"), "regular");
  agent_process next{on(dir.path())};
  next.write_line("hello");
  next.wait_for_answer("echo: hello");
}

TEST(two_agents, in_two_folders_may_have_the_same_name) {
  agent_process first;
  agent_process second;
  for (auto* agent : {&first, &second}) {
    agent->write_line("hello");
    agent->wait_for_answer("echo: hello");
  }
}

TEST(two_agents, of_twenty_at_once_exactly_one_stays) {
  temp_dir dir;
  std::vector<std::unique_ptr<agent_process>> agents;
  for (int i = 0; i < 20; ++i)
    agents.push_back(std::make_unique<agent_process>(second_on(dir.path())));
  // Each wait takes the log of one and lets the others be.
  std::vector<agent_process*> left;
  for (auto& agent : agents) {
    deadline until;
    while (!agent->has_exited()
           && agent->stderr_text().find("claude_started") == std::string::npos)
      agent->step("its start or its end", until);
    if (!agent->has_exited())
      left.push_back(agent.get());
    else
      EXPECT_EQ(agent->wait_exit(), refused) << agent->stderr_text();
  }
  ASSERT_EQ(left.size(), 1U);
  left[0]->open_output();
  left[0]->open_input();
  left[0]->write_line("hello");
  left[0]->wait_for_answer("echo: hello");
}

TEST(two_agents, one_in_another_pid_namespace_is_told_without_a_number) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root makes pid namespaces";
  temp_dir dir;
  agent_process first{on(dir.path())};
  auto options = second_on(dir.path());
  options.launcher = {"unshare", "--pid", "--fork", "--mount-proc"};
  agent_process second{options};
  EXPECT_EQ(second.wait_exit(), refused);
  EXPECT_THAT(second.stderr_text(), HasSubstr("another container"));
}

} // namespace container_agent::test
