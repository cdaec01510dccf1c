#include "test/integration/common.hpp"

/// What the child is given, and what it is not.
namespace container_agent::test {

namespace {

json self_of(agent_process& agent) {
  agent.write_line("self");
  return json::parse(
    agent.wait_for_type("result")["result"].get<std::string>());
}

} // namespace

TEST(child, has_exactly_three_descriptors) {
  agent_options options;
  // As a container's start script may leave them.
  options.inherited_fds = {3, 9, 57, 200};
  agent_process agent{options};
  auto fds = self_of(agent)["fds"];
  ASSERT_EQ(fds.size(), 3U) << fds;
  for (const auto* number : {"0", "1", "2"})
    EXPECT_EQ(fds[number].get<std::string>().rfind("pipe:", 0), 0U) << fds;
  EXPECT_NE(fds["1"], fds["2"]) << "stderr is not protocol";
}

TEST(child, has_a_process_group_of_its_own) {
  agent_process agent;
  auto self = self_of(agent);
  EXPECT_EQ(self["pgid"], self["pid"]) << self;
  EXPECT_NE(self["ppid"], agent.pid()) << "there is a guard between: " << self;
  EXPECT_NE(self["pgid"], ::getpgid(agent.pid())) << self;
}

TEST(child, has_no_signal_blocked_or_ignored) {
  agent_options options;
  options.blocked_signals = {SIGUSR1, SIGTERM, SIGCHLD};
  options.ignored_signals = {SIGUSR2, SIGHUP, SIGINT};
  agent_process agent{options};
  auto self = self_of(agent);
  EXPECT_EQ(self["SigBlk"], "0000000000000000");
  // The stand-in itself ignores SIGPIPE (13).
  EXPECT_EQ(self["SigIgn"], "0000000000001000");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0})) << "signals still get through";
}

TEST(child, gets_only_what_is_on_the_list) {
  agent_options options;
  options.env = {{"HOME", "/home/somebody"},
                 {"ANTHROPIC_API_KEY", "sk-ant-test"},
                 {"ANTHROPIC_BASE_URL", "http://127.0.0.1:9"},
                 {"LANG", "C.UTF-8"},
                 {"DATABASE_PASSWORD", "hunter2"},
                 {"AWS_SECRET_ACCESS_KEY", "secret"},
                 {"CLAUDECODE", "1"},
                 {"LD_PRELOAD_X", "x"},
                 {"CONTAINER_AGENT_MAX_QUEUE", "5"}};
  agent_process agent{options};
  auto env = self_of(agent)["env"];
  EXPECT_EQ(env["HOME"], "/home/somebody");
  EXPECT_EQ(env["ANTHROPIC_API_KEY"], "sk-ant-test");
  EXPECT_EQ(env["ANTHROPIC_BASE_URL"], "http://127.0.0.1:9");
  EXPECT_EQ(env["LANG"], "C.UTF-8");
  EXPECT_TRUE(env.contains("PATH"));
  for (const auto* name :
       {"DATABASE_PASSWORD", "AWS_SECRET_ACCESS_KEY", "CLAUDECODE",
        "LD_PRELOAD_X", "CONTAINER_AGENT_MAX_QUEUE"})
    EXPECT_FALSE(env.contains(name)) << name;
}

TEST(child, gets_what_is_set_and_passed) {
  agent_options options;
  options.env = {{"GIT_AUTHOR_NAME", "somebody"},
                 {"GIT_DIR", "/src/.git"},
                 {"EDITOR", "ed"},
                 {"PAGER", "cat"},
                 {"HOME", "/home/somebody"}};
  options.args = {"--env",      "GREETING=a=b c", "--env",      "HOME=/tmp",
                  "--env-pass", "GIT_*",          "--env-pass", "EDITOR"};
  agent_process agent{options};
  auto env = self_of(agent)["env"];
  EXPECT_EQ(env["GREETING"], "a=b c");
  EXPECT_EQ(env["HOME"], "/tmp");
  EXPECT_EQ(env["GIT_AUTHOR_NAME"], "somebody");
  EXPECT_EQ(env["GIT_DIR"], "/src/.git");
  EXPECT_EQ(env["EDITOR"], "ed");
  EXPECT_FALSE(env.contains("PAGER"));
}

TEST(child, runs_where_it_is_told_to) {
  temp_dir dir;
  agent_options options;
  options.args = {"--cwd", dir.path()};
  agent_process agent{options};
  EXPECT_EQ(self_of(agent)["cwd"], dir.path().string());
}

TEST(child, is_found_along_the_path) {
  auto binary = std::filesystem::path{fake_claude_binary()};
  agent_options options;
  options.claude_command = binary.filename();
  options.env = {{"PATH", binary.parent_path().string() + ":/usr/bin:/bin"}};
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST(child, shares_one_thread_with_the_agent_none) {
  agent_process agent;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(agent.memory().threads, 1U);
}

} // namespace container_agent::test
