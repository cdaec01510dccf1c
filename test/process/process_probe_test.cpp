#include "main/process/process_probe.hpp"

#include "test/support/subprocess.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace container_agent::test {

namespace {

using runtime::look_at_process;
using runtime::parse_process_stat;

/// A row as proc(5) has it, with this name.
std::string row(const std::string& name) {
  return "42 (" + name
         + ") S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 100 9000000"
           " 25 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 0 0 0 0\n";
}

} // namespace

TEST(process_probe, reads_a_row) {
  auto found = parse_process_stat(row("claude"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, 'S');
  auto ticks = static_cast<std::int64_t>(::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(found->cpu.count(), 200 * 1000 / ticks);
  auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(found->resident_bytes, 25 * page);
}

TEST(process_probe, a_name_may_hold_anything) {
  for (auto name : {"a b", ") R 1 2", "((", "", "\n"})
    EXPECT_EQ(parse_process_stat(row(name))->state, 'S') << name;
}

TEST(process_probe, what_is_no_row_is_nothing) {
  for (auto text : {"", "42 (claude", "42 (claude)", "42 (claude) S 1 2 3",
                    "42 (c) S 1 2 3 4 5 6 7 8 9 0 x 1 1 1 1 1 1 1 1 1 1 1"})
    EXPECT_FALSE(parse_process_stat(text)) << text;
}

TEST(process_probe, looks_at_itself_and_at_others) {
  runtime::proc_probe probe;
  auto own = probe.own();
  EXPECT_EQ(own.pid, ::getpid());
  EXPECT_GT(own.resident_bytes, 100'000u);
  auto same = probe.of(::getpid());
  ASSERT_TRUE(same);
  EXPECT_GT(same->resident_bytes, 100'000u);
}

TEST(process_probe, a_process_that_has_gone_is_nothing) {
  spawn_options options;
  options.argv = {"true"};
  subprocess process{options};
  process.wait_exit();
  runtime::proc_probe probe;
  EXPECT_FALSE(probe.of(process.pid()));
  EXPECT_FALSE(probe.of(0));
  EXPECT_FALSE(probe.of(-1));
}

} // namespace container_agent::test
