#include "test/integration/client.hpp"

/// Somebody cleans up in /tmp while the agent runs.
namespace container_agent::test {

namespace {

constexpr exit_status refused{7, 0};

std::filesystem::path lock_of(const std::filesystem::path& fifo) {
  return fifo.string() + ".lock";
}

agent_options on(const std::filesystem::path& dir) {
  agent_options result;
  result.pipe_dir = dir;
  return result;
}

void expect_second_refused(const std::filesystem::path& dir) {
  auto options = on(dir);
  options.open_input = options.open_output = false;
  agent_process second{std::move(options)};
  EXPECT_EQ(second.wait_exit(), refused) << second.stderr_text();
}

/// Removes what a `find -delete` would, the folder last.
void remove_folder(const std::filesystem::path& dir) {
  std::error_code not_empty; // what the agent has made again in between
  do
    std::filesystem::remove_all(dir, not_empty);
  while (not_empty);
}

} // namespace

TEST(cleaned_up, the_control_socket_is_made_again) {
  agent_process agent;
  agent.wait_for_record("ready");
  std::filesystem::remove(socket_of(agent));
  agent.wait_for_log("control_made_again");
  EXPECT_EQ(kind_of(socket_of(agent)), "socket");
  EXPECT_EQ(mode_of(socket_of(agent)), 0600U);
  EXPECT_EQ(ask_agent(agent, "health", {"--live"}).status, yes);
  EXPECT_EQ(agent.stop(), graceful);
  EXPECT_EQ(kind_of(socket_of(agent)), "missing");
}

TEST(cleaned_up, lock_files_are_made_again_and_a_second_agent_is_refused) {
  temp_dir dir;
  agent_process first{on(dir.path())};
  first.wait_for_record("ready");
  directory_watch watch(dir.path());
  for (const auto& fifo : {first.input_path(), first.output_path()})
    std::filesystem::remove(lock_of(fifo));
  watch.wait_until(
    [&] {
      return kind_of(lock_of(first.input_path())) == "regular"
             && kind_of(lock_of(first.output_path())) == "regular";
    },
    "the locks");
  expect_second_refused(dir.path());
  first.write_line("hello");
  first.wait_for_answer("echo: hello");
}

TEST(cleaned_up, a_second_agent_is_refused_while_the_first_is_frozen) {
  temp_dir dir;
  agent_process first{on(dir.path())};
  first.wait_for_record("ready");
  first.send_signal(SIGSTOP);
  for (const auto& fifo : {first.input_path(), first.output_path()})
    std::filesystem::remove(lock_of(fifo));
  expect_second_refused(dir.path());
  first.send_signal(SIGCONT);
  first.write_line("hello");
  first.wait_for_answer("echo: hello");
}

TEST(cleaned_up, the_whole_folder_is_made_again) {
  temp_dir dir;
  auto pipes = dir / "pipes";
  agent_process agent{on(pipes)};
  agent.wait_for_record("ready");
  remove_folder(pipes);
  agent.wait_for_log("control_made_again");
  directory_watch watch(pipes);
  watch.wait_until(
    [&] {
      return kind_of(agent.input_path()) == "fifo"
             && kind_of(agent.output_path()) == "fifo"
             && kind_of(socket_of(agent)) == "socket";
    },
    "all of it");
  agent.close_output();
  agent.open_output();
  agent.open_input();
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(ask_agent(agent, "health", {"--live"}).status, yes);
  expect_second_refused(pipes);
}

} // namespace container_agent::test
