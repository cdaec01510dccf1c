#include "main/runtime/guard.hpp"

#include "test/runtime/child_fixture.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/process_search.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

namespace container_agent::test {

namespace {

/// Whatever a child has started ends with it, and all of them with the agent.
class guard_test : public child_fixture {
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
    child.input().write(bytes{text + '\n'});
    wait_output(text + '\n');
  }

  pid_t guard() const { return child.pid_to_spare(); }

  /// Until the guard has done all that it does at first. A round trip is time
  /// enough, sooner or later.
  void wait_guard_sleeps() {
    int round = 0;
    do
      echo("round " + std::to_string(round));
    while (status_of(guard())["State"][0] != 'S' && ++round < 10'000);
  }
};

TEST_F(guard_test, what_the_child_has_started_ends_with_it) {
  launch_with_many(8, "cat; exit 3");
  child.close_input();
  wait_end();
  EXPECT_EQ(child.exit_status().exit_code, 3);
  expect_nothing_left();
}

TEST_F(guard_test, a_hundred_that_ignore_signals_end_with_a_killed_child) {
  launch_with_many(100, "while :; do sleep 600; done");
  EXPECT_FALSE(child.signal_group(SIGTERM)); // ends the sleep alone, at most
  EXPECT_TRUE(child.running());
  EXPECT_FALSE(child.signal_group(SIGKILL));
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(guard_test, the_object_takes_all_of_them_along) {
  {
    runtime::posix_child_process short_lived{loop};
    ASSERT_FALSE(
      short_lived.launch(marked(leave_stubborn_processes(8) + "cat")).error);
    int here = 0;
    byte_source::handler count = [&](const byte_source::result& found) {
      here += static_cast<int>(
        std::count(found.data.begin(), found.data.end(), '\n'));
      if (!found.at_end)
        short_lived.output().read(count);
    };
    short_lived.output().read(count);
    ASSERT_TRUE(run_until([&] { return here == 8; }));
  }
  expect_nothing_left();
}

TEST_F(guard_test, a_killed_guard_leaves_nothing_behind) {
  launch_with_many(8, "cat");
  ::kill(guard(), SIGKILL);
  wait_end();
  EXPECT_EQ(child.exit_status().signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(guard_test, a_killed_agent_leaves_nothing_behind) {
  // A parent of its own, so that it can be killed like an agent.
  auto pipe = make_pipe();
  auto parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // should the test end before it
    runtime::event_loop own_loop;
    runtime::posix_child_process own{own_loop};
    own.launch(marked(leave_stubborn_processes(8) + "cat"));
    byte_source::handler pass = [&](const byte_source::result& found) {
      if (::write(pipe.writer.get(), found.data.data(), found.data.size()) < 0)
        ::_exit(1);
      own.output().read(pass);
    };
    own.output().read(pass);
    own_loop.run_until([] { return false; });
    ::_exit(1);
  }
  std::string here(8 * 5, '\0');
  for (std::size_t done = 0; done < here.size();) {
    auto count
      = ::read(pipe.reader.get(), here.data() + done, here.size() - done);
    ASSERT_GT(count, 0);
    done += static_cast<std::size_t>(count);
  }
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  wait_none_marked(mark);
  EXPECT_GT(::waitpid(-1, nullptr, 0), 0); // its guard, by now our own
  while (::waitpid(-1, nullptr, 0) > 0) {} // the child may be, too
}

TEST_F(guard_test, it_reaps_what_the_child_forgets) {
  launch(marked("i=0; while [ $i -lt 50 ]; do (true &); i=$((i + 1)); done\n"
                "exec cat"));
  std::vector<pid_t> only_the_child{child.pid()};
  int round = 0;
  do
    echo(std::to_string(round));
  while (children_of(guard()) != only_the_child && ++round < 10'000);
  EXPECT_LT(round, 10'000);
  child.close_input();
  wait_end();
}

TEST_F(guard_test, it_holds_no_descriptor_and_heeds_no_signal) {
  launch(command("cat"));
  wait_guard_sleeps();
  auto folder = "/proc/" + std::to_string(guard()) + "/fd";
  using iterator = std::filesystem::directory_iterator;
  EXPECT_EQ(std::distance(iterator{folder}, iterator{}), 0);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD})
    ::kill(guard(), signal);
  echo("still here");
  EXPECT_TRUE(child.running());
  EXPECT_EQ(read_file("/proc/" + std::to_string(guard()) + "/comm"),
            "agent-guard\n");
  EXPECT_NE(::getpgid(guard()), ::getpgrp());
  child.close_input();
  wait_end();
}

TEST_F(guard_test, it_sleeps_while_the_child_works) {
  launch(command("cat"));
  auto slept = [this] { return status_of(guard())["voluntary_ctxt_switches"]; };
  wait_guard_sleeps();
  auto before = slept();
  for (int i = 0; i < 100; ++i)
    echo("line " + std::to_string(i));
  EXPECT_EQ(slept(), before);
  child.close_input();
  wait_end();
}

} // namespace

} // namespace container_agent::test
