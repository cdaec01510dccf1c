#include "test/integration/common.hpp"

#include <filesystem>

/// Old kernels and old seccomp profiles deny system calls, with ENOSYS or with
/// EPERM.
namespace container_agent::test {

namespace {

class denied_calls : public testing::TestWithParam<const char*> {
public:
  agent_options without(const std::string& calls) const {
    auto programs = std::filesystem::path{fake_claude_binary()}.parent_path();
    agent_options options;
    options.launcher = {programs / "deny_calls", GetParam(), calls};
    return options;
  }

  /// An agent that does not start.
  static agent_options started_in_vain(agent_options options) {
    options.open_input = options.open_output = false;
    return options;
  }
};

constexpr exit_status can_not_run_claude{4, 0};

} // namespace

TEST_P(denied_calls, that_have_a_way_around_do_not_matter) {
  agent_process agent{without("faccessat2,close_range,splice,tee")};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  // A child gets no descriptor more than its three.
  agent.write_line("self");
  auto self
    = json::parse(agent.wait_for_type("result")["result"].get<std::string>());
  EXPECT_EQ(self["fds"].size(), 3U) << self;
  ::kill(agent.child_pid(), SIGKILL);
  agent.wait_for_record("ready");
  agent.write_line("again");
  agent.wait_for_answer("echo: again");
  EXPECT_EQ(agent.stop(), graceful);
}

TEST_P(denied_calls, that_would_move_bytes_are_replaced_by_copying) {
  auto options = without("splice,tee");
  options.args = {"--mode", "raw"};
  options.claude_command = "cat";
  agent_process agent{options};
  std::string much(1024 * 1024, 'x');
  std::string got;
  for (std::size_t sent = 0; got.size() < much.size();) {
    sent += agent.write_some(std::string_view{much}.substr(sent));
    got += agent.read_some();
  }
  EXPECT_EQ(got, much);
}

TEST_P(denied_calls, that_are_needed_are_named_at_the_start) {
  agent_process agent{started_in_vain(without("pidfd_open"))};
  EXPECT_EQ(agent.wait_exit(), can_not_run_claude);
  EXPECT_THAT(agent.stderr_text(), HasSubstr("pidfd_open"));
  EXPECT_THAT(agent.stderr_text(), HasSubstr("seccomp"));
}

TEST_P(denied_calls, that_are_needed_are_named_by_check) {
  auto options = started_in_vain(without("pidfd_open"));
  options.args = {"--check"};
  agent_process check{options};
  EXPECT_EQ(check.wait_exit(), can_not_run_claude);
  EXPECT_THAT(check.stderr_text() + check.stdout_text(),
              HasSubstr("pidfd_open: is denied"));
}

TEST_P(denied_calls, that_would_move_bytes_are_warned_of_by_check) {
  for (std::string call : {"tee", "splice"}) {
    auto options = started_in_vain(without(call));
    options.args = {"--check"};
    agent_process check{options};
    EXPECT_EQ(check.wait_exit(), graceful);
    EXPECT_THAT(check.stdout_text(), HasSubstr(call + ": is refused in"));
    EXPECT_THAT(check.stdout_text(), HasSubstr("\n0 problems, "));
  }
}

INSTANTIATE_TEST_SUITE_P(with, denied_calls, testing::Values("ENOSYS", "EPERM"),
                         [](const auto& info) { return info.param; });

} // namespace container_agent::test
