#include "main/trace/sinks/trace_dumps.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace container_agent::test {

namespace {

volatile bool goes_on = true;

/// Uses up the stack.
int recurse(int depth) {
  volatile char block[4096];
  block[0] = static_cast<char>(depth);
  return goes_on ? recurse(depth + 1) + block[0] : 0;
}

void use_up_the_stack(const std::filesystem::path& dumps_go_to) {
  runtime::event_loop loop;
  recording_log log;
  runtime::tracer events{{}};
  trace_dumps dumps{dumps_go_to, "agent", events, loop, log};
  recurse(0);
}

} // namespace

TEST(trace_dumps, are_written_when_the_stack_is_used_up_too) {
  temp_dir dir;
  EXPECT_EXIT(use_up_the_stack(dir.path()), testing::KilledBySignal(SIGSEGV),
              "");
  std::filesystem::directory_iterator files{dir.path()};
  ASSERT_NE(files, std::filesystem::directory_iterator{});
  EXPECT_THAT(read_file(files->path()), testing::HasSubstr("\"crash\""));
}

} // namespace container_agent::test
