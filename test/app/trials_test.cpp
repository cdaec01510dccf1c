#include "main/app/trials.hpp"

#include "main/fifo/fifo_lock.hpp"
#include "test/cli/option_support.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>

namespace container_agent::test {

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using verdict = finding::verdict;

class trials : public testing::Test {
protected:
  temp_dir dir_;

  std::string in_dir(const std::string& name) const { return dir_ / name; }

  static finding look_at(const std::string& state) {
    options settings;
    settings.state.directory = state;
    settings.state.max_backlog = settings.state.keep_events = 0;
    return check_state_directory(settings);
  }

  static void expect_problem(const finding& found, exit_code code,
                             const std::string& detail) {
    EXPECT_EQ(found.result, verdict::problem) << found.detail;
    EXPECT_EQ(found.code, code);
    EXPECT_THAT(found.detail, HasSubstr(detail));
    EXPECT_FALSE(found.advice.empty());
  }
};

} // namespace

TEST_F(trials, leave_nothing_behind) {
  EXPECT_FALSE(try_to_make_in(dir_.path()));
  EXPECT_FALSE(try_to_append(in_dir("log")));
  EXPECT_TRUE(fs::is_empty(dir_.path()));
  write_file(dir_ / "there", "text");
  EXPECT_FALSE(try_to_append(in_dir("there")));
  EXPECT_EQ(fs::file_size(dir_ / "there"), 4U);
}

TEST_F(trials, say_why_something_can_not_be_written) {
  EXPECT_EQ(try_to_make_in(in_dir("missing")),
            std::errc::no_such_file_or_directory);
  EXPECT_EQ(try_to_append(in_dir("missing/log")),
            std::errc::no_such_file_or_directory);
  EXPECT_EQ(try_to_append(dir_.path()), std::errc::is_a_directory);
}

TEST_F(trials, find_files_that_can_not_be_made) {
  EXPECT_EQ(check_trace_file(in_dir("trace")).detail, "will be made");
  expect_problem(check_trace_file(in_dir("missing/trace")),
                 exit_code::bad_usage, "can't be written");
  expect_problem(check_log_file(dir_.path()), exit_code::bad_usage,
                 "can't be written");
  EXPECT_EQ(check_trace_directory(in_dir("missing/dumps")).result,
            verdict::warning);
}

TEST_F(trials, find_a_state_directory_that_may_not_be_used) {
  auto path = in_dir("pipes/a.state");
  EXPECT_EQ(look_at(path).detail, "will be made");
  EXPECT_TRUE(fs::is_empty(dir_.path()));
  fs::create_directories(path);
  ::chmod(path.c_str(), 0750);
  EXPECT_EQ(look_at(path).result, verdict::ok);
  EXPECT_TRUE(fs::is_empty(path));
  ::chmod(path.c_str(), 0777);
  expect_problem(look_at(path), exit_code::bad_pipe, "nobody else's");
  write_file(dir_ / "file", "");
  expect_problem(look_at(in_dir("file")), exit_code::bad_pipe, "no folder");
  expect_problem(look_at(in_dir("file/below")), exit_code::bad_pipe,
                 "Not a directory");
}

TEST_F(trials, find_another_agent_in_the_state_directory) {
  auto path = in_dir("state");
  fs::create_directory(path);
  auto told = runtime::make_pipe();
  // A lock of this process would be none for it.
  auto holder = ::fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    runtime::fifo_lock lock{path + "/agent"};
    lock.hold(0600);
    (void)!::write(told.writer.get(), "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(told.reader.get(), &byte, 1), 1);
  expect_problem(look_at(path), exit_code::already_running,
                 "another agent (pid " + std::to_string(holder) + ")");
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_EQ(look_at(path).result, verdict::ok);
}

TEST_F(trials, find_that_there_is_little_room) {
  options settings;
  settings.state.directory = in_dir("state");
  settings.state.max_backlog = std::uint64_t{1} << 60;
  auto found = check_state_directory(settings);
  EXPECT_EQ(found.result, verdict::warning);
  EXPECT_THAT(found.detail, HasSubstr("has room for "));
}

TEST_F(trials, find_nothing_to_say_of_a_state_in_memory) {
  EXPECT_EQ(check_state_directory({}).result, verdict::ok);
}

TEST_F(trials, find_all_system_calls_here) {
  options settings;
  EXPECT_EQ(check_system_calls(settings).result, verdict::ok);
  settings.state.directory = in_dir("state");
  EXPECT_EQ(check_system_calls(settings).result, verdict::ok);
}

} // namespace container_agent::test
