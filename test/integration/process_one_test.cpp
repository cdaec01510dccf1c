#include "test/integration/common.hpp"
#include "test/support/process_search.hpp"

/// As process 1 of a pid namespace, beside tini, which does nothing else.
namespace container_agent::test {

namespace {

/// Starts a program as process 1. Needs root.
const std::vector<std::string> as_process_one{"unshare", "--pid", "--fork",
                                              "--mount-proc", "--kill-child"};

/// Likewise, without /proc.
const std::vector<std::string> without_proc{"unshare",
                                            "--pid",
                                            "--fork",
                                            "--mount",
                                            "--kill-child",
                                            "sh",
                                            "-c",
                                            "umount -l /proc && exec \"$@\"",
                                            "sh"};

class process_one : public testing::Test {
public:
  std::string mark = new_mark();

  void SetUp() override {
    // Reason for the skip: to be process 1 takes a pid namespace of one's own,
    // and only root can make one. CI is root, so these always run there.
    if (::geteuid() != 0)
      GTEST_SKIP() << "only root makes pid namespaces"; // reason: needs root
  }

  static agent_options options(std::vector<std::string> launcher
                               = as_process_one) {
    agent_options result;
    result.launcher = std::move(launcher);
    result.args = fast_restarts();
    result.args.insert(result.args.end(),
                       {"--log-level", "debug", "--drain-timeout", "10m"});
    return result;
  }

  /// A child that says each signal's name.
  static agent_options that_tells_signals() {
    auto result = options();
    result.args.insert(result.args.end(), {"--mode", "raw"});
    result.claude_command = "sh";
    result.claude_args = {"-c", R"(
      for name in USR1 USR2 WINCH CONT; do trap "echo $name" $name; done
      echo ready
      while :; do sleep 600 & wait $!; done)"};
    return result;
  }

  static pid_t inner(pid_t launcher) { return children_of(launcher).at(0); }

  static void signal(const agent_process& agent, int number) {
    ::kill(inner(agent.pid()), number);
  }

  /// Runs a shell command in the namespace of `one`, as `docker exec` does.
  static void run_inside(pid_t one, const std::string& command) {
    spawn_options what;
    what.argv
      = {"nsenter", "--target", std::to_string(one), "--pid", "--mount", "sh",
         "-c",      command};
    subprocess inside{what};
    EXPECT_EQ(inside.wait_exit(), (exit_status{0, 0})) << inside.stderr_text();
  }

  /// Leaves orphans to process 1, and waits until none of them is a zombie.
  static void expect_reaped(pid_t one) {
    run_inside(one, "i=0; while [ $i -lt 50 ]; do (true &); i=$((i+1)); done");
    // A round trip is time enough, sooner or later.
    int round = 0;
    while (!zombies_of(one).empty() && ++round < 1000)
      run_inside(one, "true");
    EXPECT_LT(round, 1000);
  }
};

} // namespace

TEST_F(process_one, answers_and_ends_in_order) {
  agent_process agent{options()};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(agent.wait_for_log("started")["pid"], 1);
  signal(agent, SIGTERM);
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
}

TEST_F(process_one, has_the_documented_exit_codes) {
  auto unknown = options();
  unknown.args.emplace_back("--no-such-option");
  auto missing = options();
  missing.claude_command = "/no/such/program";
  auto given_up = options();
  given_up.claude_command = "/bin/false";
  for (auto& [what, expected] :
       {std::pair{&unknown, 2}, {&missing, 4}, {&given_up, 5}}) {
    what->open_input = what->open_output = false;
    agent_process agent{*what};
    EXPECT_EQ(agent.wait_exit(), (exit_status{expected, 0}));
  }
}

TEST_F(process_one, reaps_orphans) {
  agent_process agent{options()};
  agent.wait_for_record("ready");
  expect_reaped(inner(agent.pid()));
  agent.wait_for_log("orphan_reaped", 50);
  agent.write_line("hello"); // and the child's end was not taken for one
  agent.wait_for_answer("echo: hello");
}

TEST_F(process_one, reaps_orphans_as_tini_does) {
  spawn_options what;
  what.argv = as_process_one;
  what.argv.insert(what.argv.end(),
                   {"tini", "--", "sh", "-c", "echo ready; exec sleep 600"});
  subprocess tini{what};
  tini.wait_for_output("ready");
  expect_reaped(inner(tini.pid()));
}

TEST_F(process_one, takes_no_orphan_for_the_child_and_no_child_for_an_orphan) {
  agent_process agent{options()};
  for (int i = 1; i <= 5; ++i) {
    agent.wait_for_record("ready");
    auto one = inner(agent.pid());
    run_inside(one, "(exit 9 &) ; (exit 9 &)");
    agent.write_line("exit-after " + std::to_string(i));
    EXPECT_EQ(agent.wait_for_record("claude_exited")["exit_code"], i);
  }
}

TEST_F(process_one, forwards_signals_to_the_childs_group) {
  agent_process agent{that_tells_signals()};
  EXPECT_EQ(agent.read_bytes(6), "ready\n");
  const std::pair<int, std::string> table[]
    = {{SIGUSR2, "USR2\n"}, {SIGWINCH, "WINCH\n"}, {SIGCONT, "CONT\n"}};
  for (const auto& [number, name] : table) {
    signal(agent, number);
    EXPECT_EQ(agent.read_bytes(name.size()), name);
  }
  agent.wait_for_log("signal_forwarded", 3);
}

TEST_F(process_one, goes_on_after_signals_that_mean_nothing) {
  agent_process agent{options()};
  agent.wait_for_record("ready");
  for (int number : {SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD})
    signal(agent, number);
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST_F(process_one, sigint_waits_for_the_turn) {
  agent_process agent{options()};
  gate g{agent};
  agent.write_line(g.prompt());
  agent.wait_for_type("system");
  signal(agent, SIGINT);
  agent.wait_for_record("stopping");
  g.open();
  agent.wait_for_answer("echo: gate");
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
}

TEST_F(process_one, sigquit_does_not_wait_for_the_turn) {
  agent_process agent{options()};
  agent.write_line("hang");
  agent.wait_for_type("system");
  signal(agent, SIGQUIT);
  EXPECT_EQ(agent.wait_for_record("stopping")["reason"], "SIGQUIT");
  EXPECT_EQ(agent.wait_for_type("result")["subtype"], "error_during_execution");
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
}

TEST_F(process_one, works_without_proc) {
  // Reason for the skip: AddressSanitizer itself can't start without /proc. The
  // release build runs this test in each `make test`.
  if (sanitized())
    GTEST_SKIP() // reason: ASan needs /proc; release runs it
      << "the leak check needs /proc, and reads there, too, whether "
         "it shall be left out";
  agent_process agent{options(without_proc)};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  agent.write_line("exit-after 3");
  EXPECT_EQ(agent.wait_for_record("claude_exited")["exit_code"], 3);
  agent.wait_for_record("ready");
  signal(agent, SIGTERM);
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
}

TEST_F(process_one, leaves_nothing_behind) {
  auto many = options();
  many.args.insert(many.args.end(), {"--mode", "raw", "--env", mark,
                                     "--drain-timeout", "100ms"});
  many.claude_command = "sh";
  many.claude_args
    = {"-c", leave_stubborn_processes(8) + "while :; do sleep 600; done"};
  agent_process agent{many};
  agent.read_bytes(8 * 5);
  run_inside(inner(agent.pid()),
             mark + " setsid sh -c 'trap \"\" TERM; sleep 600 &'");
  EXPECT_GT(processes_marked(mark).size(), 9U);
  signal(agent, SIGTERM);
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  wait_none_marked(mark);
}

// -- not process 1 ------------------------------------------------------------

TEST(not_process_one, leaves_others_alone) {
  auto mark = new_mark();
  agent_options options;
  options.launcher = {"env", mark, "sh", "-c", "sleep 600 & exec \"$@\"", "sh"};
  agent_process agent{options};
  agent.write_line("exit-after 3");
  agent.wait_for_record("claude_exited");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  auto left = processes_marked(mark);
  ASSERT_EQ(left.size(), 1U);
  ::kill(left[0], SIGKILL);
}

} // namespace container_agent::test
