#include "test/integration/common.hpp"

#include <fcntl.h>

#include <filesystem>

/// Claude's program is taken away and put back, as npm does it; a file that may
/// not grow.
namespace container_agent::test {

namespace {

namespace fs = std::filesystem;

/// An agent whose Claude is a copy of the stand-in in a folder of the test's.
class replaced_program : public testing::Test {
public:
  temp_dir dir;
  fs::path program = dir / "claude";
  fs::path aside = dir / "claude.away";

  replaced_program() { fs::copy_file(fake_claude_binary(), program); }

  agent_options with(std::vector<std::string> args) const {
    agent_options options;
    options.args = fast_restarts();
    options.args.insert(options.args.end(), args.begin(), args.end());
    options.claude_command = program.string();
    return options;
  }
};

} // namespace

TEST_F(replaced_program, is_waited_for_and_not_counted) {
  agent_process agent{with({"--max-restarts", "1"})};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  fs::rename(program, aside);
  ::kill(agent.child_pid(), SIGKILL);
  auto told = agent.wait_for_log("program_awaited");
  EXPECT_THAT(told["reason"].get<std::string>(), HasSubstr(program.string()));
  agent.write_line("meanwhile");
  agent.wait_for_record("accepted");
  fs::rename(aside, program);
  agent.wait_for_answer("echo: meanwhile");
  EXPECT_EQ(agent.stop(), graceful);
}

TEST_F(replaced_program, that_is_busy_is_waited_for) {
  agent_process agent{with({"--max-restarts", "1"})};
  agent.wait_for_record("ready");
  // As an installer that has not closed it yet.
  fs::copy_file(program, aside);
  fs::rename(aside, program);
  unique_fd written{::open(program.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  ASSERT_TRUE(written);
  ::kill(agent.child_pid(), SIGKILL);
  auto told = agent.wait_for_log("program_awaited");
  written.reset();
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST_F(replaced_program, that_does_not_come_back_is_given_up) {
  agent_process agent{
    with({"--max-restarts", "1", "--launch-patience", "300ms"})};
  agent.wait_for_record("ready");
  fs::remove(program);
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_log("program_awaited");
  EXPECT_EQ(agent.wait_exit(), (exit_status{5, 0}));
}

TEST_F(replaced_program, does_not_hold_up_the_end) {
  agent_process agent{with({})};
  agent.wait_for_record("ready");
  fs::remove(program);
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_log("program_awaited");
  EXPECT_EQ(agent.stop(), graceful);
}

// No file of the agent's may grow beyond the limit, and one has reached it.
TEST(grown_file, is_no_reason_to_end) {
  constexpr std::size_t size = 1024 * 1024;
  temp_dir dir;
  write_file(dir / "log", std::string(size, '\n'));
  agent_options options;
  // Shells count in blocks of 512 or 1024 bytes.
  options.launcher = {"sh", "-c", "ulimit -f 1024; exec \"$@\"", "sh"};
  options.args = {"--log-level", "trace",        "--log-file",
                  dir / "log",   "--trace-file", dir / "trace"};
  agent_process agent{options};
  for (int i = 0; i < 20; ++i) {
    agent.write_line("hello");
    agent.wait_for_answer("echo: hello");
  }
  EXPECT_EQ(fs::file_size(dir / "log"), size);
  EXPECT_EQ(agent.stop(), graceful);
}

} // namespace container_agent::test
