#include "test/integration/client.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

/// What the actors say to each other can be seen, and tells no secrets.
namespace container_agent::test {

namespace {

const std::string first_trace = "11111111111141118111111111111111";

/// What a pipe holds now.
std::string read_available(int fd) {
  std::string result;
  char block[4096];
  for (ssize_t count; (count = ::read(fd, block, sizeof block)) > 0;)
    result.append(block, static_cast<std::size_t>(count));
  return result;
}

/// An agent with a trace file and whatever else is told.
class traced_agent {
public:
  explicit traced_agent(std::vector<std::string> more = {},
                        agent_options options = {})
    : agent{
      prepare(std::move(options), dir_ / "trace.jsonl", std::move(more))} {}

private:
  static agent_options prepare(agent_options options,
                               const std::filesystem::path& file,
                               std::vector<std::string> more) {
    options.args.insert(options.args.end(), {"--trace-file", file});
    auto quick = fast_restarts();
    options.args.insert(options.args.end(), quick.begin(), quick.end());
    options.args.insert(options.args.end(), more.begin(), more.end());
    return options;
  }

  temp_dir dir_;

public:
  [[nodiscard]] std::filesystem::path file() const {
    return dir_ / "trace.jsonl";
  }

  [[nodiscard]] std::filesystem::path folder() const { return dir_.path(); }

  agent_process agent;
};

std::vector<json> events_of(const std::filesystem::path& file) {
  std::vector<json> result;
  for (const auto& line : lines_of(file))
    result.push_back(json::parse(line));
  return result;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& dir) {
  std::vector<std::filesystem::path> result;
  if (std::filesystem::exists(dir))
    for (const auto& entry : std::filesystem::directory_iterator{dir})
      result.push_back(entry.path());
  return result;
}

std::string everything_in(const std::filesystem::path& dir) {
  std::string result;
  for (const auto& file : files_in(dir))
    result += read_file(file);
  return result;
}

} // namespace

TEST(traces, have_every_event_once_with_its_cause) {
  traced_agent traced;
  auto& agent = traced.agent;
  for (int i = 0; i < 20; ++i)
    agent.write_line("number " + std::to_string(i));
  agent.write_line("crash-once 3");
  agent.wait_for_answer("echo: crash-once");
  agent.stop();
  std::set<std::uint64_t> numbers;
  auto first_down = true;
  for (const auto& event : events_of(traced.file())) {
    if (event["kind"] == "header")
      continue;
    if (event.value("type", "") == "down" && std::exchange(first_down, false)) {
      EXPECT_TRUE(event.contains("cause") && event.contains("trace"))
        << "of the prompt that has killed Claude: " << event;
    }
    auto n = event["n"].get<std::uint64_t>();
    EXPECT_TRUE(numbers.insert(n).second) << event;
    EXPECT_LT(event.value("cause", 0U), n) << event;
  }
  EXPECT_FALSE(first_down);
  ASSERT_FALSE(numbers.empty());
  // What is in a mailbox when the agent leaves is all that may be missing.
  EXPECT_GE(numbers.size() + 4, *numbers.rbegin());
}

TEST(traces, show_a_prompts_life_across_the_actors) {
  traced_agent traced;
  traced.agent.prompt("hello", first_uuid);
  traced.agent.wait_for_answer("echo: hello");
  traced.agent.stop();
  std::set<std::string> way;
  for (const auto& event : events_of(traced.file()))
    if (event.value("trace", "") == first_trace && event["kind"] == "message")
      way.insert(event.value("from", "") + " " + event.value("to", "") + " "
                 + event.value("type", ""));
  for (const auto* step : {"pipe_input conversation input_grew",
                           "conversation claude_process child_input_grew",
                           "claude_process conversation child_output_grew",
                           "conversation pipe_output host_output_grew"})
    EXPECT_TRUE(way.contains(step)) << step;
}

TEST(traces, give_each_prompt_the_news_of_its_own_line) {
  constexpr int prompts = 40;
  traced_agent traced;
  auto uuid = [](int i) {
    char text[37];
    std::snprintf(text, sizeof text, "00000000-0000-4000-8000-%012d", i);
    return std::string{text};
  };
  for (int i = 0; i < prompts; ++i) {
    traced.agent.prompt("number " + std::to_string(i), uuid(i));
    // All of it, else the news of one is read with that of the other.
    traced.agent.wait_for(
      [](const json& line) { return line.value("state", "") == "completed"; },
      "the turn's end");
  }
  traced.agent.stop();
  std::map<std::string, int> lines;
  for (const auto& event : events_of(traced.file()))
    if (event.value("type", "") == "input_grew")
      ++lines[event.value("trace", "none")];
  for (int i = 0; i < prompts; ++i) {
    auto trace = uuid(i);
    std::erase(trace, '-');
    EXPECT_EQ(lines[trace], 1) << i;
  }
}

// The next agent in a container has the same number as the one before.
TEST(traces, are_dumped_beside_those_of_an_earlier_agent) {
  agent_process agent{agent_options{}};
  agent.wait_for_record("ready");
  auto dumps = agent.dir() / "dumps";
  std::filesystem::create_directories(dumps);
  auto taken = "claude-" + std::to_string(agent.pid()) + "-1.jsonl";
  write_file(dumps / taken, "an earlier one");
  agent.send_signal(SIGUSR1);
  agent.wait_for_log("trace_dumped");
  EXPECT_EQ(files_in(dumps).size(), 2U);
  EXPECT_EQ(read_file(dumps / taken), "an earlier one");
}

TEST(traces, of_a_restart_that_was_wanted_are_not_dumped) {
  agent_process agent{agent_options{}};
  agent.wait_for_record("ready");
  EXPECT_EQ(ask_agent(agent, "restart-claude").status, yes);
  agent.wait_for_record("ready");
  agent.stop();
  EXPECT_EQ(files_in(agent.dir() / "dumps").size(), 0U);
}

TEST(traces, keep_the_size_where_files_cannot_be_moved) {
  temp_dir dir;
  std::filesystem::create_directories(dir / "t.jsonl.1/x");
  agent_options options;
  options.args = {"--trace-file", dir / "t.jsonl", "--trace-file-size",
                  "64KiB",        "--trace-files", "1"};
  agent_process agent{options};
  for (int i = 0; i < 200; ++i) {
    agent.write_line("number " + std::to_string(i));
    agent.wait_for_answer("echo: number");
  }
  agent.stop();
  EXPECT_LE(std::filesystem::file_size(dir / "t.jsonl"), 128U * 1024);
  auto log = agent.stderr_text();
  auto told = log.find("trace_not_rotated");
  ASSERT_NE(told, std::string::npos);
  EXPECT_EQ(log.find("trace_not_rotated", told + 1), std::string::npos);
}

TEST(traces, tell_no_secrets) {
  agent_options options;
  options.env["ANTHROPIC_API_KEY"] = "sk-ant-planted-in-the-environment";
  traced_agent traced{{"--log-level", "info"}, options};
  auto& agent = traced.agent;
  agent.prompt("planted-in-a-prompt", first_uuid);
  agent.wait_for_answer("echo: planted-in-a-prompt");
  agent.write_line(R"({"type":"frobnicate","planted-in-a-bad-line":1})");
  agent.write_line("kill-once planted-in-a-deadly-prompt");
  agent.wait_for_answer("echo: kill-once");
  agent.send_signal(SIGUSR1);
  agent.wait_for_log("trace_dumped", 2);
  agent.stop();
  auto told = read_file(traced.file()) + everything_in(agent.dir() / "dumps")
              + agent.stderr_text();
  ASSERT_THAT(told, HasSubstr("child_input_grew"));
  EXPECT_EQ(told.find("planted"), std::string::npos)
    << told.substr(told.find("planted") - 200, 400);
}

TEST(traces, are_dumped_on_a_signal_and_after_each_failure) {
  agent_options options;
  options.args = fast_restarts();
  agent_process agent{options};
  agent.wait_for_record("ready");
  agent.send_signal(SIGUSR1);
  EXPECT_EQ(agent.wait_for_log("trace_dumped")["reason"], "signal");
  agent.write_line("crash-once 1");
  agent.wait_for_answer("echo: crash-once");
  auto dumped = agent.wait_for_log("trace_dumped", 2);
  EXPECT_EQ(dumped["reason"], "failure of claude_process");
  auto events = events_of(dumped["path"].get<std::string>());
  EXPECT_EQ(events.front()["source"], "ring");
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const auto& e) {
    return e["kind"] == "end" && e["actor"] == "claude_process" && e["failed"];
  }));
}

TEST(traces, of_many_failures_keep_the_last_dumps_only) {
  agent_options options;
  options.args = fast_restarts();
  options.args.insert(options.args.end(), {"--max-restarts", "1000"});
  agent_process agent{options};
  for (int i = 0; i < 12; ++i) {
    agent.write_line("crash-once 1");
    agent.wait_for_answer("echo: crash-once");
  }
  agent.wait_for_log("trace_dumped", 12);
  EXPECT_EQ(files_in(agent.dir() / "dumps").size(), 8U);
}

TEST(traces, are_dumped_by_a_crash) {
  if (sanitized())
    GTEST_SKIP() << "the sanitizers report crashes themselves";
  agent_process agent{agent_options{}};
  agent.wait_for_record("ready");
  agent.send_signal(SIGSEGV);
  EXPECT_EQ(agent.wait_exit().signal, SIGSEGV);
  auto files = files_in(agent.dir() / "dumps");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(events_of(files.front()).front()["reason"], "crash");
  EXPECT_THAT(agent.stderr_text(), HasSubstr("\"reason\":\"crash\""))
    << "the log says where";
}

TEST(traces, go_on_in_the_next_file_when_one_is_full) {
  traced_agent traced{{"--trace-file-size", "64KiB", "--trace-files", "2"}};
  for (int i = 0; i < 100; ++i) {
    traced.agent.write_line("number " + std::to_string(i));
    traced.agent.wait_for_answer("echo: number");
  }
  traced.agent.stop();
  EXPECT_EQ(files_in(traced.folder()).size(), 3U);
  for (const auto& file : files_in(traced.folder())) {
    EXPECT_LE(std::filesystem::file_size(file), 2 * 64U * 1024U);
    EXPECT_EQ(events_of(file).front()["kind"], "header");
  }
}

// Nobody reads the pipe, so nothing fits in after 64 KiB.
TEST(traces, that_nobody_takes_hold_nobody_up) {
  temp_dir dir;
  make_fifo(dir / "trace");
  unique_fd reader{
    ::open((dir / "trace").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  agent_options options;
  options.args = {"--trace-file", dir / "trace"};
  agent_process agent{options};
  for (int i = 0; i < 100; ++i) {
    agent.write_line("number " + std::to_string(i));
    agent.wait_for_answer("echo: number");
  }
  agent.wait_for_log("trace_events_dropped");
  // Once it is read, what is missing is told.
  auto text = read_available(reader.get());
  agent.write_line("one more");
  agent.wait_for_answer("echo: one more");
  EXPECT_EQ(agent.stop(), graceful);
  text += read_available(reader.get());
  EXPECT_THAT(text, HasSubstr(R"({"kind":"dropped",)"));
}

TEST(traces, cannot_go_where_nothing_can_be_written) {
  agent_options options;
  options.args = {"--trace-file", "/proc/no/such/file"};
  options.open_input = options.open_output = false;
  agent_process agent{options};
  EXPECT_NE(agent.wait_exit().code, 0);
  EXPECT_THAT(agent.stderr_text(),
              HasSubstr("trace file: /proc/no/such/file: can't be written"));
}

TEST(traces, are_read_by_the_programs_own_tools) {
  traced_agent traced;
  traced.agent.prompt("hello", first_uuid);
  traced.agent.wait_for_answer("echo: hello");
  traced.agent.stop();
  auto output_of = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "trace");
    args.push_back(traced.file());
    return run_program(args);
  };
  EXPECT_THAT(output_of({"summary"}).out, HasSubstr("input_grew"));
  EXPECT_THAT(output_of({"show", first_uuid}).out,
              HasSubstr("pipe_input → conversation: input_grew"));
  auto chrome = output_of({"convert", "--to", "chrome"});
  EXPECT_EQ(chrome.status, graceful) << chrome.err;
  EXPECT_GT(json::parse(chrome.out)["traceEvents"].size(), 20U);
  EXPECT_THAT(
    output_of({"convert", "--to", "mermaid", "--prompt", first_uuid}).out,
    testing::StartsWith("sequenceDiagram"));
  EXPECT_THAT(output_of({"view"}).out, HasSubstr(first_trace));
  EXPECT_THAT(output_of({"view", "--last", "1"}).out,
              HasSubstr(R"({"kind":"left_out","count":)"));
  auto some = output_of({"summary", "--prompt", first_uuid, "--type",
                         "input_grew", "--actor", "conversation"});
  EXPECT_EQ(some.status, graceful) << some.err;
  EXPECT_THAT(some.out, HasSubstr("\n1 messages, "));
  EXPECT_EQ(output_of({"summary", "--type", "nothing"}).status.code, 1);
  EXPECT_EQ(output_of({"convert", "--to", "nonsense"}).status.code, 2);
}

} // namespace container_agent::test
