#include "test/integration/common.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>

/// How the agent makes, uses and removes its FIFOs.
namespace container_agent::test {

namespace {

agent_options without_opening() {
  agent_options options;
  options.open_input = options.open_output = false;
  return options;
}

/// The names that were made there, in order.
std::vector<std::string> names_made(const directory_watch& watch) {
  std::vector<std::string> result;
  alignas(inotify_event) char buffer[16384];
  auto size = ::read(watch.fd(), buffer, sizeof(buffer));
  for (ssize_t at = 0; at < size;) {
    inotify_event event;
    std::memcpy(&event, buffer + at, sizeof(event));
    result.emplace_back(buffer + at + sizeof(event));
    at += static_cast<ssize_t>(sizeof(event) + event.len);
  }
  return result;
}

} // namespace

// A host that sees the pipe it writes into may open the other one at once.
TEST(pipes, are_made_with_the_input_last) {
  const std::vector<std::string> in_order{"claude.out.fifo", "claude.in.fifo"};
  temp_dir keep;
  for (const auto& mode : std::vector<std::vector<std::string>>{
         {},
         {"--mode", "raw"},
         {"--compat", "cc-bridge"},
         {"--keep-claude", "--state-dir", keep / "state"},
         {"--state-dir", "none"}}) {
    temp_dir dir;
    directory_watch watch{dir.path(), IN_CREATE};
    agent_options options;
    options.pipe_dir = dir.path();
    options.args = mode;
    options.open_output = false;
    agent_process agent{options}; // waits for the input
    auto made = names_made(watch);
    std::erase_if(
      made, [](const std::string& name) { return !name.ends_with(".fifo"); });
    EXPECT_EQ(made, in_order);
    agent.send_signal(SIGINT); // at SIGTERM a kept Claude would stay
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  }
}

TEST(pipes, are_made_with_the_mode_whatever_the_umask) {
  for (mode_t mask : {0000, 0022, 0777}) {
    agent_options options;
    options.umask = mask;
    agent_process agent{options};
    EXPECT_EQ(mode_of(agent.input_path()), 0660U) << std::oct << mask;
    EXPECT_EQ(mode_of(agent.output_path()), 0660U) << std::oct << mask;
  }
}

TEST(pipes, are_made_with_the_mode_that_is_asked_for) {
  agent_options options;
  options.args = {"--pipe-mode", "0602"};
  options.umask = 0077;
  agent_process agent{options};
  EXPECT_EQ(mode_of(agent.input_path()), 0602U);
  EXPECT_EQ(mode_of(agent.output_path()), 0602U);
}

TEST(pipes, have_the_instances_name) {
  agent_options options;
  options.instance = "second_one-2";
  agent_process agent{options};
  EXPECT_EQ(agent.input_path().filename(), "second_one-2.in.fifo");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
}

TEST(pipes, that_exist_are_used_as_they_are_and_left) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir.path();
  make_fifo(dir / "claude.in.fifo", 0600);
  make_fifo(dir / "claude.out.fifo", 0640);
  auto in = inode_of(dir / "claude.in.fifo");
  auto out = inode_of(dir / "claude.out.fifo");
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  EXPECT_EQ(inode_of(dir / "claude.in.fifo"), in);
  EXPECT_EQ(inode_of(dir / "claude.out.fifo"), out);
  EXPECT_EQ(mode_of(dir / "claude.in.fifo"), 0600U);
  EXPECT_EQ(mode_of(dir / "claude.out.fifo"), 0640U);
}

TEST(pipes, are_removed_at_the_end) {
  agent_process agent;
  agent.wait_for_record("ready");
  EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  EXPECT_EQ(kind_of(agent.input_path()), "missing");
  EXPECT_EQ(kind_of(agent.output_path()), "missing");
}

/// Which end something is in the way of, and what.
class in_the_way
  : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(in_the_way, ends_the_start_and_is_not_touched) {
  auto [end, kind] = GetParam();
  temp_dir dir;
  auto path = dir / ("claude." + end + ".fifo");
  auto other = dir / (end == "in" ? "claude.out.fifo" : "claude.in.fifo");
  if (kind == "regular") {
    write_file(path, "precious");
  } else if (kind == "directory") {
    std::filesystem::create_directory(path);
  } else {
    // A link is refused even if it leads to a FIFO.
    make_fifo(dir / "elsewhere");
    std::filesystem::create_symlink(dir / "elsewhere", path);
  }
  auto inode = inode_of(path);
  agent_options options = without_opening();
  options.pipe_dir = dir.path();
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{3, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr(path.string()));
  auto word = kind == "regular"   ? "regular file"
              : kind == "symlink" ? "symbolic link"
                                  : "directory";
  EXPECT_THAT(agent.stderr_text(), HasSubstr(word));
  EXPECT_EQ(kind_of(path), kind);
  EXPECT_EQ(inode_of(path), inode);
  EXPECT_EQ(kind_of(other), "missing") << "left the other end behind";
  if (kind == "regular") {
    EXPECT_EQ(read_file(path), "precious");
  }
}

INSTANTIATE_TEST_SUITE_P(pipes, in_the_way,
                         testing::Combine(testing::Values("in", "out"),
                                          testing::Values("regular", "symlink",
                                                          "directory")),
                         [](const auto& info) {
                           return std::get<1>(info.param) + "_at_"
                                  + std::get<0>(info.param);
                         });

TEST(pipes, in_a_directory_that_takes_none_end_the_start) {
  agent_options options = without_opening();
  options.give_pipe_dir = false;
  // No file can be made there, not even by root.
  options.args = {"--pipe-dir", "/proc/self/task"};
  agent_process agent{options};
  EXPECT_EQ(agent.wait_exit(), (exit_status{3, 0}));
  EXPECT_THAT(agent.stderr_text(), HasSubstr("/proc/self/task"));
}

TEST(pipes, without_a_reader_keep_the_output) {
  agent_options options;
  options.open_output = false;
  agent_process agent{options};
  agent.write_line("one");
  agent.write_line("two");
  agent.close_input();
  // Not before both have run.
  directory_watch watch(agent.state_dir());
  watch.wait_until(
    [&] { return lines_of(agent.state_dir() / "completed").size() == 2; },
    "two turns");
  agent.open_output();
  agent.wait_for_record("ready");
  agent.wait_for_answer("echo: one");
  agent.wait_for_answer("echo: two");
}

TEST(pipes, survive_a_thousand_writers_that_come_and_go) {
  agent_options options;
  options.claude_args = {"--terse"};
  agent_process agent{options};
  agent.close_input();
  for (int i = 0; i < 1000; ++i) {
    auto text = "number " + std::to_string(i) + ".";
    open_write_close(agent.input_path(), text + "\n");
    agent.wait_for_answer(text);
  }
}

TEST(pipes, take_lines_of_two_writers_at_once) {
  agent_process agent;
  auto second = try_open_fifo_writer(agent.input_path());
  ASSERT_TRUE(second);
  agent.write_line("from the first");
  agent.wait_for_answer("echo: from the first");
  ASSERT_GT(::write(second->get(), "from the second\n", 16), 0);
  agent.wait_for_answer("echo: from the second");
  agent.close_input();
  ASSERT_GT(::write(second->get(), "alone now\n", 10), 0);
  agent.wait_for_answer("echo: alone now");
}

} // namespace container_agent::test
