#include "main/shim/shim.hpp"

#include "test/process/child_fixture.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/process_search.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

namespace container_agent::test {

namespace {

// What each of the processes writes that the child leaves.
constexpr std::string_view here = "here\n";

/// Whatever a child has started ends with it, and all of them with the agent.
class shim_test : public child_fixture {
public:
  std::string mark = new_mark();

  child_command marked(std::string script) {
    auto result = shell(std::move(script));
    result.environment.push_back(mark);
    return result;
  }

  /// Starts a shell that leaves many processes, and then does `last`.
  void launch_with_many(int count, const std::string& last) {
    launch(marked(leave_stubborn_processes(count) + last));
    ASSERT_TRUE(run_until([&] { return lines() == count; })) << lines();
    EXPECT_GE(processes_marked(mark).size(), static_cast<std::size_t>(count));
  }

  long lines() const { return std::count(output.begin(), output.end(), '\n'); }

  /// Nobody of the child's is there, and no zombie of ours.
  void expect_nothing_left() {
    EXPECT_TRUE(processes_marked(mark).empty());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  }

  void echo(const std::string& text) {
    say(text + '\n');
    wait_output(text + '\n');
  }

  pid_t reaper() const { return child.pid_to_spare(); }

  pid_t shim() const {
    auto below = children_of(reaper());
    return below.empty() ? 0 : below.front();
  }

  /// Until the shim has done all that it does at first. A round trip is time
  /// enough, sooner or later.
  void wait_shim_sleeps() {
    int round = 0;
    do
      echo("round " + std::to_string(round));
    while (status_of(shim())["State"][0] != 'S' && ++round < 10'000);
  }
};

TEST_F(shim_test, what_the_child_has_started_ends_with_it) {
  launch_with_many(8, "cat; exit 3");
  child.close_input();
  wait_end();
  EXPECT_EQ(child.exit_status().exit_code, 3);
  expect_nothing_left();
}

TEST_F(shim_test, a_hundred_that_ignore_signals_end_with_a_killed_child) {
  launch_with_many(100, "while :; do sleep 600; done");
  EXPECT_FALSE(child.signal_group(SIGTERM)); // ends the sleep alone, at most
  EXPECT_TRUE(child.running());
  EXPECT_FALSE(child.signal_group(SIGKILL));
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(shim_test, the_object_takes_all_of_them_along) {
  {
    own_child short_lived{loop};
    auto& shells = short_lived.process;
    ASSERT_FALSE(
      shells.launch(marked(leave_stubborn_processes(8) + "cat"), 0).error);
    inlet::handler again = [&](const inlet::result& moved) {
      if (!moved.at_end)
        shells.output().move(again);
    };
    shells.output().move(again);
    ASSERT_TRUE(
      run_until([&] { return short_lived.events.end() == 8 * here.size(); }));
  }
  expect_nothing_left();
}

TEST_F(shim_test, a_killed_shim_leaves_nothing_behind) {
  launch_with_many(8, "cat");
  ::kill(shim(), SIGKILL);
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(shim_test, nor_does_a_killed_reaper) {
  launch_with_many(8, "cat");
  ::kill(reaper(), SIGKILL);
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(shim_test, nor_do_both_while_the_agent_lives) {
  launch_with_many(8, "cat");
  auto above = reaper();
  ::kill(shim(), SIGKILL);
  ::kill(above, SIGKILL);
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(shim_test, a_killed_agent_leaves_nothing_behind) {
  // A parent of its own, so that it can be killed like an agent.
  auto pipe = make_pipe();
  auto parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // should the test end before it
    runtime::event_loop own_loop;
    own_child own{own_loop};
    own.process.launch(marked(leave_stubborn_processes(8) + "cat"), 0);
    inlet::handler again = [&](const inlet::result&) {
      if (own.events.end() == 8 * here.size()
          && ::write(pipe.writer.get(), "x", 1) != 1)
        ::_exit(1);
      own.process.output().move(again);
    };
    own.process.output().move(again);
    own_loop.run_until([] { return false; });
    ::_exit(1);
  }
  char ready = 0;
  ASSERT_EQ(::read(pipe.reader.get(), &ready, 1), 1);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  wait_none_marked(mark);
  EXPECT_GT(::waitpid(-1, nullptr, 0), 0); // its reaper, by now our own
  while (::waitpid(-1, nullptr, 0) > 0) {} // the child may be, too
}

TEST_F(shim_test, it_reaps_what_the_child_forgets) {
  launch(marked("i=0; while [ $i -lt 50 ]; do (true &); i=$((i + 1)); done\n"
                "exec cat"));
  std::vector<pid_t> only_the_child{child.pid()};
  int round = 0;
  do
    echo(std::to_string(round));
  while (children_of(shim()) != only_the_child && ++round < 10'000);
  EXPECT_LT(round, 10'000);
  child.close_input();
  wait_end();
}

TEST_F(shim_test, it_holds_two_descriptors_and_heeds_no_signal) {
  launch(command("cat"));
  wait_shim_sleeps();
  using iterator = std::filesystem::directory_iterator;
  auto descriptors = [](pid_t pid) {
    return std::distance(iterator{"/proc/" + std::to_string(pid) + "/fd"},
                         iterator{});
  };
  auto name = [](pid_t pid) {
    return read_file("/proc/" + std::to_string(pid) + "/comm");
  };
  EXPECT_EQ(descriptors(reaper()), 0);
  EXPECT_EQ(descriptors(shim()), 2) << "its connection and its signals";
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD}) {
    ::kill(reaper(), signal);
    ::kill(shim(), signal);
  }
  echo("still here");
  EXPECT_TRUE(child.running());
  EXPECT_EQ(name(reaper()), "agent-reaper\n");
  EXPECT_EQ(name(shim()), "agent-shim\n");
  EXPECT_NE(::getpgid(reaper()), ::getpgrp());
  EXPECT_NE(::getpgid(shim()), ::getpgid(reaper()));
  child.close_input();
  wait_end();
}

TEST_F(shim_test, it_sleeps_while_the_child_works) {
  launch(command("cat"));
  auto slept = [this] { return status_of(shim())["voluntary_ctxt_switches"]; };
  wait_shim_sleeps();
  auto before = slept();
  for (int i = 0; i < 100; ++i)
    echo("line " + std::to_string(i));
  EXPECT_EQ(slept(), before);
  child.close_input();
  wait_end();
}

} // namespace

} // namespace container_agent::test
