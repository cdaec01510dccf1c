#include "main/shim/descendants.hpp"
#include "test/process/child_fixture.hpp"
#include "test/support/temp_dir.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

namespace container_agent::test {

namespace {

/// What the user is told when there is no child to be had.
class claude_child_failure_test : public child_fixture {
public:
  temp_dir folder;

  std::string make_file(std::string_view name, std::string_view content,
                        mode_t mode) {
    auto path = folder / name;
    write_file(path, content);
    ::chmod(path.c_str(), mode);
    return path;
  }

  /// Launches what can't run, and returns the text for the user.
  std::string failure(const child_command& what, std::errc expected) {
    auto before = open_descriptors();
    auto others = runtime::children();
    auto result = child.launch(what, 0);
    EXPECT_EQ(result.error, expected) << result.error.message();
    EXPECT_FALSE(child.running());
    EXPECT_EQ(result.pid, 0);
    EXPECT_EQ(runtime::children(), others) << "a zombie";
    EXPECT_EQ(open_descriptors(), before);
    loop.run_ready();
    EXPECT_EQ(exits, 0);
    return result.what;
  }
};

TEST_F(claude_child_failure_test, a_name_that_is_not_in_path) {
  EXPECT_EQ(
    failure(command("no-such-program"), std::errc::no_such_file_or_directory),
    "cannot run \"no-such-program\": not found in PATH "
    "(/usr/bin:/bin)");
}

TEST_F(claude_child_failure_test, the_commands_path_counts_not_the_agents) {
  make_file("only-here", "#!/bin/sh\necho found\n", 0755);
  auto what = command("only-here");
  failure(what, std::errc::no_such_file_or_directory);
  what.environment = {"PATH=/nowhere:" + folder.path().string()};
  EXPECT_EQ(output_of(what), "found\n");
  what = command("cat");
  what.environment = {"PATH=/nowhere"};
  exits = 0;
  EXPECT_EQ(failure(what, std::errc::no_such_file_or_directory),
            "cannot run \"cat\": not found in PATH (/nowhere)");
}

TEST_F(claude_child_failure_test, without_a_path_the_usual_folders_count) {
  auto what = command("true");
  what.environment = {};
  output_of(what);
  EXPECT_EQ(child.exit_status().exit_code, 0);
}

TEST_F(claude_child_failure_test, a_folder_in_path_relative_to_the_directory) {
  make_file("here", "#!/bin/sh\necho found\n", 0755);
  auto what = command("here");
  what.directory = folder.path();
  for (const auto* path : {"PATH=.:/bin", "PATH=:/bin", "PATH=/bin:"}) {
    what.environment = {path};
    EXPECT_EQ(output_of(what), "found\n") << path;
  }
}

TEST_F(claude_child_failure_test, a_file_in_path_that_is_not_executable) {
  auto path = make_file("program", "#!/bin/sh\n", 0644);
  auto what = command("program");
  what.environment = {"PATH=" + folder.path().string()};
  EXPECT_EQ(failure(what, std::errc::permission_denied),
            "cannot run \"program\": not executable: " + path);
  // A later folder may have a better one.
  what = command("cat");
  make_file("cat", "", 0644);
  what.environment = {"PATH=" + folder.path().string() + ":/bin"};
  launch(what);
  child.close_input();
  wait_end();
}

TEST_F(claude_child_failure_test, a_file_that_is_missing) {
  EXPECT_EQ(
    failure(command("/no/such/program"), std::errc::no_such_file_or_directory),
    "cannot run \"/no/such/program\": no such file");
}

TEST_F(claude_child_failure_test, a_file_that_is_not_executable) {
  auto path = make_file("program", "#!/bin/sh\n", 0644);
  EXPECT_EQ(failure(command(path), std::errc::permission_denied),
            "cannot run \"" + path + "\": not executable (permission denied)");
}

TEST_F(claude_child_failure_test, a_folder) {
  auto path = folder.path().string();
  EXPECT_EQ(failure(command(path), std::errc::permission_denied),
            "cannot run \"" + path + "\": it is a folder");
}

TEST_F(claude_child_failure_test, a_script_whose_interpreter_is_missing) {
  auto path = make_file("script", "#! /no/such/node --flag\n", 0755);
  EXPECT_EQ(failure(command(path), std::errc::no_such_file_or_directory),
            "cannot run \"" + path
              + "\": it is a script, and its interpreter /no/such/node can't "
                "be run: No such file or directory");
}

TEST_F(claude_child_failure_test, a_script_whose_interpreter_is_no_program) {
  auto interpreter = make_file("interpreter", "", 0644);
  auto path = make_file("script", "#!" + interpreter + "\n", 0755);
  EXPECT_EQ(failure(command(path), std::errc::permission_denied),
            "cannot run \"" + path + "\": it is a script, and its interpreter "
              + interpreter + " can't be run: Permission denied");
}

TEST_F(claude_child_failure_test, a_program_whose_loader_is_missing) {
  // A copy of a real program that asks for another loader.
  auto program = read_file("/bin/true");
  auto loader = program.find("/lib64/ld-linux");
  if (loader == std::string::npos)
    GTEST_SKIP() << "no such loader on this machine";
  program[loader + 1] = '_';
  auto path = make_file("program", program, 0755);
  EXPECT_EQ(failure(command(path), std::errc::no_such_file_or_directory),
            "cannot run \"" + path
              + "\": its program loader is missing: it was built for another "
                "system or C library");
}

TEST_F(claude_child_failure_test, a_file_that_is_no_program) {
  auto path = make_file("program", "\x01\x02\x03", 0755);
  EXPECT_EQ(failure(command(path), std::errc::executable_format_error),
            "cannot run \"" + path
              + "\": not a program that this system can run");
}

TEST_F(claude_child_failure_test, a_directory_that_is_missing) {
  auto what = command("cat");
  what.directory = "/no/such/folder";
  EXPECT_EQ(failure(what, std::errc::no_such_file_or_directory),
            "cannot run \"cat\" in \"/no/such/folder\": the folder does not "
            "exist");
}

TEST_F(claude_child_failure_test, a_directory_that_is_a_file) {
  auto what = command("cat");
  what.directory = make_file("file", "", 0644);
  EXPECT_EQ(failure(what, std::errc::not_a_directory),
            "cannot run \"cat\" in \"" + what.directory
              + "\": that is not a folder");
}

TEST_F(claude_child_failure_test, no_program_at_all) {
  EXPECT_EQ(failure(command(""), std::errc::invalid_argument),
            "cannot run \"\": no program was named");
}

TEST_F(claude_child_failure_test, arguments_that_are_too_long) {
  auto what = command("true", {std::string(1 << 20, 'x')});
  EXPECT_EQ(failure(what, std::errc::argument_list_too_long),
            "cannot run \"true\": its arguments and environment are too long");
}

TEST_F(claude_child_failure_test, a_child_after_a_failure_runs) {
  failure(command("no-such-program"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(output_of(shell("echo fine")), "fine\n");
}

// Runs `check` in a process of its own, in which one system call is refused.
bool holds_without(int call, int error, bool (*check)()) {
  auto pid = ::fork();
  if (pid == 0) {
    sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<__u32>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{std::size(rules), rules};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
      ::_exit(2);
    ::_exit(check() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST_F(claude_child_failure_test, a_system_without_pidfd) {
  EXPECT_TRUE(holds_without(SYS_pidfd_open, EPERM, [] {
    runtime::event_loop own_loop;
    own_child child{own_loop};
    auto result = child.process.launch(command("cat"), 0);
    return result.error == std::errc::operation_not_permitted
           && result.what.find("pidfd_open") != std::string::npos
           && !child.process.running() && ::waitpid(-1, nullptr, WNOHANG) == -1;
  }));
}

TEST_F(claude_child_failure_test, a_system_without_close_range) {
  EXPECT_TRUE(holds_without(SYS_close_range, EPERM, [] {
    // High ones: a program that has just begun opens low ones for a moment.
    constexpr int first = 100;
    unique_fd leaks[] = {unique_fd{::fcntl(0, F_DUPFD, first)},
                         unique_fd{::fcntl(0, F_DUPFD, 2 * first)}};
    runtime::event_loop own_loop;
    own_child child{own_loop};
    auto pid = child.process.launch(command("cat"), 0).pid;
    std::filesystem::directory_iterator open_ones{"/proc/" + std::to_string(pid)
                                                  + "/fd"};
    return pid > 0
           && std::none_of(begin(open_ones), end(open_ones), [](auto& one) {
                return std::stoi(one.path().filename()) >= first;
              });
  }));
}

TEST_F(claude_child_failure_test, our_own_exit_handlers_do_not_run) {
  // Both processes would write the text, were they run by the failed child.
  auto pipe = make_pipe();
  auto parent = ::fork();
  if (parent == 0) {
    static int descriptor = pipe.writer.get();
    std::atexit([] {
      if (::write(descriptor, "x", 1) != 1)
        ::_exit(1);
    });
    runtime::event_loop own_loop;
    own_child child{own_loop};
    child.process.launch(command("/no/such/program"), 0);
    ::_exit(0);
  }
  pipe.writer.reset();
  ::waitpid(parent, nullptr, 0);
  char text = 0;
  EXPECT_EQ(::read(pipe.reader.get(), &text, 1), 0);
}

} // namespace

} // namespace container_agent::test
