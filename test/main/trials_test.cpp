#include "main/trials.hpp"

#include "test/main/option_support.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

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

TEST_F(trials, find_a_kept_directory_that_may_not_be_used) {
  auto kept = in_dir("kept");
  EXPECT_EQ(check_keep_directory(kept).detail, "will be made");
  fs::create_directory(kept);
  ::chmod(kept.c_str(), 0700);
  EXPECT_EQ(check_keep_directory(kept).result, verdict::ok);
  ::chmod(kept.c_str(), 0777);
  expect_problem(check_keep_directory(kept), exit_code::bad_pipe,
                 "nobody else's");
  write_file(dir_ / "file", "");
  expect_problem(check_keep_directory(in_dir("file")), exit_code::bad_pipe,
                 "no folder");
}

TEST_F(trials, find_all_system_calls_here) {
  options settings;
  settings.claude.keep = true;
  EXPECT_EQ(check_system_calls(settings).result, verdict::ok);
}

} // namespace container_agent::test
