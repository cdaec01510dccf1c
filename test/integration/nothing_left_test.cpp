#include "test/integration/common.hpp"
#include "test/support/process_search.hpp"

/// Whatever ends, nothing that came from the child stays behind.
namespace container_agent::test {

namespace {

/// A child in raw mode that leaves stubborn processes, then waits for signals,
/// and does not care for the end of its stdin.
class nothing_left : public testing::Test {
public:
  std::string mark = new_mark();
  int count = 12;

  agent_options options(const std::string& last
                        = "while :; do sleep 600; done") const {
    agent_options result;
    result.args = fast_restarts();
    result.args.insert(result.args.end(), {"--mode", "raw", "--env", mark,
                                           "--drain-timeout", "100ms"});
    result.claude_command = "sh";
    result.claude_args = {"-c", leave_stubborn_processes(count) + last};
    return result;
  }

  /// Until all of them are there, with the child.
  std::vector<pid_t> wait_here(agent_process& agent) const {
    std::string all;
    for (int i = 0; i < count; ++i)
      all += "here\n";
    EXPECT_EQ(agent.read_bytes(all.size()), all);
    auto least = static_cast<std::size_t>(count);
    auto result = processes_marked(mark);
    // One that is in the midst of its exec has no environment to be seen.
    for (deadline until; result.size() <= least && !until.passed();)
      result = processes_marked(mark);
    EXPECT_GT(result.size(), least);
    return result;
  }

  static pid_t guard_of(const agent_process& agent) {
    return children_of(agent.pid()).at(0);
  }

  static pid_t child_of(const agent_process& agent) {
    for (auto pid : children_of(guard_of(agent)))
      if (::getpgid(pid) == pid && ::getsid(pid) != pid)
        return pid;
    throw std::runtime_error("no child");
  }

  /// The child is started again; all of the one before are gone.
  void expect_replaced(agent_process& agent, const std::vector<pid_t>& old) {
    wait_here(agent);
    for (auto pid : old)
      EXPECT_FALSE(is_alive(pid)) << pid;
    EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
    EXPECT_TRUE(processes_marked(mark).empty());
  }
};

} // namespace

TEST_F(nothing_left, after_sigterm) {
  agent_process agent{options()};
  wait_here(agent);
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  EXPECT_TRUE(processes_marked(mark).empty());
}

TEST_F(nothing_left, of_a_hundred_that_ignore_signals_like_their_parent) {
  count = 100;
  agent_process agent{options()};
  wait_here(agent);
  // The agent gives itself 10 s in all: what is killed is gone long before.
  deadline until{std::chrono::seconds{10}};
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.wait_exit(until), (exit_status{0, 0}));
  EXPECT_TRUE(processes_marked(mark).empty());
}

TEST_F(nothing_left, when_the_agent_is_killed) {
  agent_process agent{options()};
  wait_here(agent);
  agent.send_signal(SIGKILL);
  EXPECT_EQ(agent.wait_exit(), (exit_status{-1, SIGKILL}));
  wait_none_marked(mark);
}

TEST_F(nothing_left, when_the_agents_process_group_is_killed) {
  auto alone = options();
  alone.launcher = {"setsid"};
  agent_process agent{alone};
  wait_here(agent);
  ASSERT_EQ(::getpgid(agent.pid()), agent.pid());
  ::kill(-agent.pid(), SIGKILL);
  EXPECT_EQ(agent.wait_exit(), (exit_status{-1, SIGKILL}));
  wait_none_marked(mark);
}

TEST_F(nothing_left, when_the_guard_is_killed) {
  agent_process agent{options()};
  auto old = wait_here(agent);
  ::kill(guard_of(agent), SIGKILL);
  expect_replaced(agent, old);
}

// As the kernel may do for want of memory. Nobody is left then who could look
// for what the child has started; the child itself ends.
TEST_F(nothing_left, of_a_child_alone_when_guard_and_agent_are_killed) {
  count = 0;
  agent_process agent{options("exec sleep 600")};
  wait_here(agent);
  auto guard = guard_of(agent);
  auto child = child_of(agent);
  agent.send_signal(SIGSTOP); // or it might see the guard's end first
  ::kill(guard, SIGKILL);
  agent.send_signal(SIGKILL);
  EXPECT_EQ(agent.wait_exit(), (exit_status{-1, SIGKILL}));
  wait_gone(child);
}

TEST_F(nothing_left, when_the_child_is_killed) {
  agent_process agent{options()};
  auto old = wait_here(agent);
  ::kill(child_of(agent), SIGKILL);
  expect_replaced(agent, old);
}

TEST_F(nothing_left, when_the_child_exits_by_itself) {
  agent_process agent{options("read line; exit 3")};
  auto old = wait_here(agent);
  agent.write_line("end");
  expect_replaced(agent, old);
}

TEST_F(nothing_left, when_the_agent_gives_up) {
  count = 4;
  auto crashing = options("exit 3");
  crashing.args.insert(crashing.args.end(), {"--max-restarts", "2"});
  crashing.open_input = crashing.open_output = false;
  agent_process agent{crashing};
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
  EXPECT_TRUE(processes_marked(mark).empty());
}

} // namespace container_agent::test
