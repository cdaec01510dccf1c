#include "test/integration/common.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/log_files.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

/// Many megabytes, or gigabytes, and many thousands of writers.
namespace container_agent::test {

namespace {

/// What that much in or out may cost.
constexpr std::uint64_t allowed_growth_kib = 16 * 1024;

/// How much goes in or out: far more than it may cost. Sanitizers make
/// everything several times slower, so there it is less.
std::uint64_t much() {
  if (sanitized())
    return 64'000'000;
  return all_tests() ? 1'000'000'000 : 250'000'000;
}

void expect_small(const process_memory& before, const process_memory& after) {
  testing::Test::RecordProperty(
    "rss_growth_kib", std::to_string(after.peak_kib - before.rss_kib));
  if (!sanitized()) {
    EXPECT_LT(after.peak_kib, before.rss_kib + allowed_growth_kib);
  }
}

/// Waits until Claude has had nobody to read for a while.
void wait_stalled(const agent_process& agent, directory_watch& watch) {
  watch.wait_until(
    [&] { return kind_of(agent.state_dir() / "stalled") == "regular"; },
    "a full output");
}

} // namespace

TEST(heavy, a_stalled_output_costs_no_memory_and_loses_nothing) {
  agent_options options;
  options.args = {"--max-backlog", "16MiB", "--keep-events", "16MiB"};
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto before = agent.memory();
  directory_watch watch(agent.state_dir());
  agent.set_reading(false);
  agent.write_line("flood " + std::to_string(much()) + " 4096");
  wait_stalled(agent, watch);
  expect_small(before, agent.memory());
  agent.set_reading(true);
  std::uint64_t next = 0;
  std::uint64_t bytes = 0;
  while (bytes < much()) {
    auto line = agent.next_line();
    // Parsing a gigabyte of JSON would take longer than relaying it.
    auto mark = R"({"type":"assistant","number":)" + std::to_string(next) + ',';
    if (line.rfind(mark, 0) == 0) {
      ASSERT_EQ(line.size(), 4095U);
      bytes += line.size() + 1;
      ++next;
    } else {
      ASSERT_EQ(next, 0U) << line.substr(0, 100);
    }
  }
  agent.wait_for_answer("echo: flood");
  expect_small(before, agent.memory());
}

TEST(heavy, what_was_read_leaves_the_disk) {
  constexpr std::uint64_t mib = 1024 * 1024;
  const std::uint64_t all = all_tests() ? 10'000'000'000 : much();
  const std::uint64_t keep = all_tests() ? 64 : 16;
  constexpr std::uint64_t backlog = 32;
  constexpr std::uint64_t segment = 16;
  agent_options options;
  options.args = {"--max-backlog", std::to_string(backlog) + "MiB",
                  "--keep-events", std::to_string(keep) + "MiB"};
  agent_process agent{options};
  auto on_disk = [&agent] {
    std::uint64_t bytes = 0;
    std::error_code gone; // meanwhile
    for (const auto& file : log_files(
           agent.output_path().parent_path() / "claude.state", "events"))
      if (auto size = std::filesystem::file_size(file, gone); !gone)
        bytes += size;
    return bytes;
  };
  agent.write_line("flood " + std::to_string(all) + " 4096");
  std::uint64_t most = 0;
  std::uint64_t looked_at = 0;
  for (std::uint64_t bytes = 0; bytes < all;) {
    bytes += agent.next_line().size() + 1;
    if (bytes < looked_at + 4 * mib)
      continue;
    looked_at = bytes;
    most = std::max(most, on_disk());
  }
  agent.wait_for_answer("echo: flood");
  RecordProperty("most_on_disk", std::to_string(most));
  EXPECT_LE(most, (backlog + keep + segment) * mib);
  EXPECT_GE(most, keep * mib) << "it is kept, too";
}

TEST(heavy, a_stalled_raw_output_costs_no_memory_and_loses_nothing) {
  agent_options options;
  options.args = {"--mode", "raw", "--max-restarts", "0"};
  options.claude_args = {"--raw-flood", std::to_string(much())};
  agent_process agent{options};
  agent.set_reading(false);
  directory_watch watch(agent.state_dir());
  wait_stalled(agent, watch);
  auto before = agent.memory();
  agent.set_reading(true);
  std::uint64_t at = 0;
  std::string rest;
  while (at < much()) {
    auto bytes = rest + agent.read_some();
    ASSERT_FALSE(bytes.empty()) << "ended at " << at;
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t number = 0;
      std::memcpy(&number, bytes.data() + i, 8);
      ASSERT_EQ(number, at + i);
    }
    at += i;
    rest = bytes.substr(i);
    if (!agent.has_exited())
      expect_small(before, agent.memory());
  }
  EXPECT_EQ(agent.wait_exit().code, 5) << "it may not be restarted";
}

TEST(heavy, a_flooded_input_costs_no_memory_and_loses_nothing) {
  agent_options options;
  options.claude_args = {"--terse"};
  agent_process agent{options};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto before = agent.memory();
  // As fast as it is taken: queue and pipes are full most of the time.
  constexpr std::size_t size = 64 * 1024;
  const auto prompts = much() / size;
  std::uint64_t written = 0;
  std::uint64_t answered = 0;
  std::string line;
  std::size_t line_at = 0;
  while (answered < prompts) {
    while (written < prompts) {
      if (line.empty()) {
        line = "number " + std::to_string(written) + ". ";
        line.append(size - line.size() - 1, 'x');
        line += '\n';
        line_at = 0;
      }
      line_at += agent.write_some(std::string_view{line}.substr(line_at));
      if (line_at < line.size())
        break;
      line.clear();
      ++written;
    }
    auto record = agent.next_record();
    if (record.value("type", "") == "result") {
      auto text = "echo: number " + std::to_string(answered) + '.';
      ASSERT_EQ(record["result"].get<std::string>().substr(0, text.size()),
                text);
      ++answered;
    }
    ASSERT_NE(record.value("subtype", ""), "rejected") << record;
  }
  expect_small(before, agent.memory());
}

TEST(heavy, a_blocked_input_costs_no_memory) {
  agent_process agent;
  gate g{agent};
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto before = agent.memory();
  agent.write_line(g.prompt());
  agent.wait_for([](const json& r) { return r.value("subtype", "") == "init"; },
                 "the turn to run");
  // No prompt is taken beyond the queue's 4 MiB, however many come.
  auto line = std::string(1'000'000, 'x') + '\n';
  for (int accepted = 0; accepted < 4; ++accepted) {
    agent.write(line);
    agent.wait_for_record("accepted");
  }
  std::size_t more = 0;
  while (auto n = agent.write_some(line)) {
    more += n;
    ASSERT_LT(more, 50'000'000U) << "the writer was never blocked";
  }
  expect_small(before, agent.memory());
  g.open();
  agent.wait_for_answer("echo: gate");
}

TEST(heavy, a_line_that_never_ends_is_refused_once) {
  agent_process agent;
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto before = agent.memory();
  std::string block(64 * 1024, 'x');
  for (std::uint64_t at = 0; at < much(); at += block.size())
    agent.write(block);
  agent.write("\n");
  auto rejected = agent.wait_for_record("rejected");
  EXPECT_EQ(rejected["reason"], "too_long") << rejected;
  EXPECT_EQ(rejected["line"], 2) << rejected;
  // A line may be as long as 16 MiB, so up to there it was held.
  if (!sanitized()) {
    EXPECT_LT(agent.memory().peak_kib,
              before.rss_kib + allowed_growth_kib + 2 * 16 * 1024);
  }
  agent.write_line("works");
  EXPECT_EQ(agent.next_record()["subtype"], "accepted") << "refused once";
  agent.wait_for_answer("echo: works");
}

TEST(heavy, writers_that_come_and_go_are_all_heard) {
  const int writers = sanitized() ? 5'000 : all_tests() ? 100'000 : 20'000;
  agent_options options;
  options.args = {"--log-level", "warn"};
  options.claude_args = {"--terse"};
  agent_process agent{options};
  agent.close_input();
  auto parent = ::getpid();
  auto pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(1);
    auto path = agent.input_path().string();
    try {
      for (int i = 0; i < writers; ++i)
        open_write_close(path, "number " + std::to_string(i) + ".\n");
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  for (int i = 0; i < writers;) {
    // By hand, because 300,000 lines parsed take longer than all the rest.
    auto line = agent.next_line();
    if (line.find(R"("type":"result")") == std::string::npos)
      continue;
    auto text = R"("result":"echo: number )" + std::to_string(i) + ".\"";
    ASSERT_NE(line.find(text), std::string::npos) << i << ": " << line;
    ++i;
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  agent.stop(); // Claude notes a turn as completed after its result.
  EXPECT_EQ(lines_of(agent.state_dir() / "completed").size(),
            static_cast<std::size_t>(writers))
    << "none doubled";
}

} // namespace container_agent::test
