#include "test/integration/common.hpp"

#include <fcntl.h>
#include <sys/inotify.h>

/// FIFOs that the host removes or replaces under the running agent, and
/// readers that come and go.
namespace container_agent::test {

namespace {

/// As a host does it that starts anew: another FIFO takes the name.
void replace(const std::filesystem::path& path) {
  auto fresh = path.string() + ".new";
  make_fifo(fresh, 0660);
  std::filesystem::rename(fresh, path);
}

/// Waits until the agent has made the FIFO again.
void wait_made(agent_process& agent, const std::filesystem::path& path,
               directory_watch& watch) {
  (void)agent;
  watch.wait_until([&] { return kind_of(path) == "fifo"; },
                   "the FIFO to be made again");
}

} // namespace

TEST(replaced_pipes, input_removed_is_made_again) {
  agent_process agent;
  agent.write_line("before");
  agent.wait_for_answer("echo: before");
  directory_watch watch(agent.input_path().parent_path());
  std::filesystem::remove(agent.input_path());
  wait_made(agent, agent.input_path(), watch);
  EXPECT_EQ(mode_of(agent.input_path()), 0660U);
  agent.open_input();
  agent.write_line("after");
  agent.wait_for_answer("echo: after");
}

TEST(replaced_pipes, input_replaced_is_gone_over_to) {
  agent_process agent;
  agent.write_line("before");
  agent.wait_for_answer("echo: before");
  replace(agent.input_path());
  agent.open_input();
  agent.write_line("after");
  agent.wait_for_answer("echo: after");
}

TEST(replaced_pipes, input_replaced_many_times) {
  agent_options options;
  options.claude_args = {"--terse"};
  agent_process agent{options};
  for (int i = 0; i < 50; ++i) {
    replace(agent.input_path());
    agent.open_input();
    auto text = "round " + std::to_string(i) + ".";
    agent.write_line(text);
    agent.wait_for_answer(text);
  }
}

TEST(replaced_pipes, what_was_written_before_the_removal_is_not_lost) {
  agent_process agent;
  gate g{agent};
  agent.write_line(g.prompt());
  agent.write_line("second");
  std::filesystem::remove(agent.input_path());
  g.open();
  agent.wait_for_answer("echo: gate");
  agent.wait_for_answer("echo: second");
}

TEST(replaced_pipes, output_removed_is_made_again) {
  agent_process agent;
  agent.wait_for_record("ready");
  directory_watch watch(agent.output_path().parent_path());
  std::filesystem::remove(agent.output_path());
  wait_made(agent, agent.output_path(), watch);
  agent.close_output();
  agent.open_output();
  agent.write_line("after");
  agent.wait_for_answer("echo: after");
}

TEST(replaced_pipes, output_replaced_is_gone_over_to) {
  agent_process agent;
  agent.wait_for_record("ready");
  replace(agent.output_path());
  agent.close_output();
  agent.open_output();
  agent.write_line("after");
  agent.wait_for_answer("echo: after");
}

TEST(replaced_pipes, the_old_outputs_reader_sees_its_end) {
  agent_process agent;
  agent.wait_for_record("ready");
  replace(agent.output_path());
  // No descriptor stays on the dead inode, so this comes to an end.
  EXPECT_EQ(agent.read_to_eof(), "");
}

TEST(replaced_pipes, foreign_pipes_put_there_later_are_not_removed) {
  agent_process agent;
  agent.wait_for_record("ready");
  replace(agent.input_path());
  agent.open_input();
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  EXPECT_EQ(kind_of(agent.input_path()), "fifo");
  EXPECT_EQ(kind_of(agent.output_path()), "missing");
}

TEST(replaced_pipes, a_reader_that_comes_later_sees_whole_lines) {
  agent_process agent;
  agent.wait_for_record("ready");
  for (int i = 0; i < 20; ++i) {
    agent.close_output();
    auto text = "round " + std::to_string(i) + ".";
    agent.write_line(text);
    agent.open_output();
    // Throws if a line is not whole.
    for (;;)
      if (agent.next_record().value("result", "").find(text)
          != std::string::npos)
        break;
  }
}

TEST(replaced_pipes, a_reader_that_leaves_mid_line_spoils_nothing) {
  agent_options options;
  options.args = {"--max-backlog", "4MiB"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  agent.set_reading(false);
  agent.write_line("flood 40000000 1000000");
  directory_watch watch(agent.state_dir());
  watch.wait_until(
    [&] { return kind_of(agent.state_dir() / "stalled") == "regular"; },
    "a full output");
  // 100 kB into the first line of 1 MB …
  agent.set_reading(true);
  EXPECT_EQ(agent.read_bytes(100'000).size(), 100'000U);
  // … this reader dies. The agent takes back what nobody has read: that is the
  // only read that is still to come.
  directory_watch taken_back(agent.output_path(), IN_ACCESS);
  agent.close_output();
  agent.discard_unread();
  taken_back.wait_event("the agent to notice");
  // Then another one comes.
  agent.open_output();
  auto first = agent.next_line();
  EXPECT_FALSE(json::parse(first, nullptr, false).is_discarded())
    << first.size() << " bytes: " << first.substr(0, 100);
  agent.wait_for_answer("echo: flood");
  for (const auto& line : agent.passed_over())
    EXPECT_FALSE(json::parse(line, nullptr, false).is_discarded())
      << line.size() << " bytes: " << line.substr(0, 100);
}

} // namespace container_agent::test
