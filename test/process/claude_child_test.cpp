#include "test/process/child_fixture.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/temp_dir.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <set>

namespace container_agent::test {

namespace {

class claude_child_test : public child_fixture {
public:
  std::filesystem::path proc(std::string_view name) {
    return "/proc/" + std::to_string(child.pid()) + '/' + std::string{name};
  }
};

// Readable when the process has ended.
unique_fd watch_process(pid_t pid) {
  return unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

bool ends(const unique_fd& process) {
  if (!process)
    return false; // poll(2) would wait for nothing
  pollfd entry{process.get(), POLLIN, 0};
  return ::poll(&entry, 1, deadline{}.poll_timeout()) == 1;
}

TEST_F(claude_child_test, what_goes_in_comes_out) {
  launch(command("cat"));
  EXPECT_TRUE(child.running());
  say("hello\n");
  wait_output("hello\n");
  child.close_input();
  wait_end();
  EXPECT_EQ(output, "hello\n");
  EXPECT_EQ(child.exit_status().exit_code, 0);
  EXPECT_EQ(child.exit_status().signal, 0);
  EXPECT_EQ(exits, 1);
}

TEST_F(claude_child_test, a_megabyte_goes_in_and_out_in_order) {
  std::string text;
  for (int i = 0; text.size() < (1 << 20); ++i)
    text += std::to_string(i) + '\n';
  launch(command("cat"));
  say(text);
  child.close_input();
  wait_end();
  EXPECT_EQ(output, text);
}

TEST_F(claude_child_test, stderr_is_a_pipe_of_its_own) {
  launch(shell("echo out; echo err >&2"));
  std::string errors;
  bool ended = false;
  byte_source::handler collect = [&](const byte_source::result& found) {
    errors += found.data;
    ended = found.at_end;
    if (!ended)
      child.error_output().read(collect);
  };
  child.error_output().read(collect);
  wait_end();
  EXPECT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(output, "out\n");
  EXPECT_EQ(errors, "err\n");
}

TEST_F(claude_child_test, every_exit_code_is_told) {
  for (int code : {0, 1, 2, 126, 127, 128, 137, 255}) {
    launch(shell("exit " + std::to_string(code)));
    wait_end();
    EXPECT_EQ(child.exit_status().exit_code, code);
    EXPECT_EQ(child.exit_status().signal, 0);
  }
}

TEST_F(claude_child_test, a_signal_is_not_an_exit_code) {
  for (int signal : {SIGTERM, SIGKILL, SIGSEGV}) {
    launch(command("cat"));
    EXPECT_FALSE(child.signal_group(signal));
    wait_end();
    EXPECT_EQ(child.exit_status().signal, signal);
    EXPECT_EQ(child.exit_status().exit_code, 0);
  }
}

TEST_F(claude_child_test, nobody_is_told_from_within_a_call) {
  launch(command("cat"));
  auto process = watch_process(child.pid());
  child.close_input();
  EXPECT_TRUE(ends(process));
  EXPECT_EQ(exits, 0);
  EXPECT_TRUE(child.running());
  wait_end();
  EXPECT_EQ(exits, 1);
}

TEST_F(claude_child_test, stdout_can_be_read_to_its_end_after_the_exit) {
  auto result = child.launch(shell("echo first; echo last"), 0);
  ASSERT_FALSE(result.error);
  EXPECT_TRUE(run_until([this] { return exits == 1; }));
  collect();
  EXPECT_TRUE(run_until([this] { return output_ended; }));
  EXPECT_EQ(output, "first\nlast\n");
}

TEST_F(claude_child_test, arguments_arrive_as_they_are) {
  EXPECT_EQ(output_of(command("printf", {"%s|", "a b", "", "$HOME", "*"})),
            "a b||$HOME|*|");
}

TEST_F(claude_child_test, the_environment_is_what_the_command_says) {
  ::setenv("CONTAINER_AGENT_TEST_LEAK", "1", 1);
  auto env = command("env");
  env.environment = {"PATH=/usr/bin:/bin", "A=1", "B=two words"};
  EXPECT_EQ(output_of(env), "PATH=/usr/bin:/bin\nA=1\nB=two words\n");
  ::unsetenv("CONTAINER_AGENT_TEST_LEAK");
}

TEST_F(claude_child_test, the_child_starts_in_the_commands_directory) {
  temp_dir folder;
  auto pwd = command("pwd");
  pwd.directory = folder.path();
  EXPECT_EQ(output_of(pwd), folder.path().string() + '\n');
}

TEST_F(claude_child_test, without_a_directory_it_is_the_agents_own) {
  EXPECT_EQ(output_of(command("pwd")),
            std::filesystem::current_path().string() + '\n');
}

TEST_F(claude_child_test, the_child_has_exactly_three_descriptors) {
  // Such as a library might leave open: without O_CLOEXEC, and with a gap.
  unique_fd leaks[] = {unique_fd{::open("/dev/null", O_RDONLY)},
                       unique_fd{::fcntl(0, F_DUPFD, 200)}};
  launch(command("cat"));
  // Once it answers, the loader has closed the libraries that it opened.
  say("ready\n");
  collect();
  ASSERT_TRUE(run_until([this] { return output == "ready\n"; }));
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{proc("fd")})
    names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"0", "1", "2"}));
}

TEST_F(claude_child_test, the_childs_descriptors_block) {
  launch(command("cat"));
  for (const auto* name : {"fdinfo/0", "fdinfo/1", "fdinfo/2"}) {
    auto info = read_file(proc(name));
    auto flags = std::stoi(info.substr(info.find("flags:") + 6), nullptr, 8);
    EXPECT_EQ(flags & O_NONBLOCK, 0) << info;
  }
}

TEST_F(claude_child_test, the_child_leads_a_process_group_of_its_own) {
  launch(command("cat"));
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
  EXPECT_NE(::getpgrp(), child.pid());
}

TEST_F(claude_child_test, no_signal_is_blocked_or_ignored_in_the_child) {
  sigset_t some;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGTERM);
  ::sigaddset(&some, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &some, nullptr);
  auto before = std::signal(SIGINT, SIG_IGN); // SIGPIPE is ignored anyway
  launch(command("cat"));
  std::signal(SIGINT, before);
  auto status = status_of(child.pid());
  for (const auto* mask : {"SigBlk", "SigIgn", "SigCgt"})
    EXPECT_EQ(status[mask], "0000000000000000") << mask;
  sigset_t now;
  ::sigprocmask(SIG_UNBLOCK, &some, &now);
  EXPECT_TRUE(::sigismember(&now, SIGUSR1)); // ours is as it was
  EXPECT_FALSE(::sigismember(&now, SIGHUP));
}

TEST_F(claude_child_test, a_signal_reaches_what_the_child_has_started) {
  launch(shell("cat /dev/zero >/dev/null & echo $!; cat"));
  wait_output("\n");
  auto grandchild = watch_process(std::stoi(output));
  ASSERT_TRUE(grandchild);
  EXPECT_FALSE(child.signal_group(SIGKILL));
  EXPECT_TRUE(ends(grandchild));
  wait_end();
}

TEST_F(claude_child_test, what_the_child_left_behind_ends_its_output_too) {
  launch(shell("(setsid cat /dev/zero >&2 &); echo last"));
  wait_end();
  EXPECT_EQ(output, "last\n");
}

TEST_F(claude_child_test, a_signal_to_nobody_is_no_error) {
  EXPECT_FALSE(child.signal_group(SIGTERM)); // never launched
  launch(shell("exit 0"));
  wait_end();
  EXPECT_FALSE(child.signal_group(SIGTERM));
}

TEST_F(claude_child_test, the_child_dies_with_the_agent) {
  // A parent of its own, so that it can be killed like an agent.
  auto pipe = make_pipe();
  auto parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // should the test end before it
    runtime::event_loop own_loop;
    own_child child{own_loop};
    auto pid = child.process.launch(command("cat"), 0).pid;
    if (::write(pipe.writer.get(), &pid, sizeof(pid)) == sizeof(pid))
      ::pause();
    ::_exit(1);
  }
  std::int32_t pid = 0;
  ASSERT_EQ(::read(pipe.reader.get(), &pid, sizeof(pid)), ssize_t{sizeof(pid)});
  auto orphan = watch_process(pid);
  ASSERT_TRUE(orphan);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends(orphan));
  EXPECT_GT(::waitpid(-1, nullptr, 0), 0); // its reaper, by now our own
  while (::waitpid(-1, nullptr, 0) > 0) {} // the child may be, too
}

TEST_F(claude_child_test, the_object_takes_a_running_child_along) {
  unique_fd process;
  unique_fd grandchild;
  auto before = open_descriptors();
  {
    own_child short_lived{loop};
    auto& cat = short_lived.process;
    cat.on_exit([this] { ++exits; });
    ASSERT_FALSE(cat.launch(shell("cat /dev/zero >/dev/null"), 0).error);
    process = watch_process(cat.pid());
  }
  EXPECT_TRUE(ends(process));
  loop.run_ready();
  EXPECT_EQ(exits, 0);
  process.reset();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1); // reaped
}

TEST_F(claude_child_test, a_second_launch_is_refused_while_one_runs) {
  launch(command("cat"));
  auto pid = child.pid();
  auto second = child.launch(command("cat"), 0);
  EXPECT_EQ(second.error, std::errc::device_or_resource_busy);
  EXPECT_EQ(child.pid(), pid);
  say("still here\n");
  wait_output("still here\n");
  child.close_input();
  wait_end();
}

TEST_F(claude_child_test, writing_to_a_dead_child_is_an_error) {
  launch(shell("exit 0"));
  wait_end();
  say("x\n");
  EXPECT_EQ(child.input().error(), std::errc::broken_pipe);
  launch(command("cat"));
  EXPECT_FALSE(child.input().error());
  child.close_input();
  wait_end();
}

} // namespace

} // namespace container_agent::test
