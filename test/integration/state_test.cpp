#include "test/integration/client.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/json_text.hpp"
#include "test/support/kept_host.hpp"
#include "test/support/log_files.hpp"
#include "test/support/prompt_ends.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

/// The conversation is in its logs: whatever dies, the next agent goes on.
namespace container_agent::test {

namespace {

using testing::Not;

/// Claude ends with its agent.
class mortal_host : public kept_host {
public:
  explicit mortal_host(std::vector<std::string> args = {})
    : kept_host{std::move(args), {}, {}, keep::nothing} {}
};

/// What the host is not shown of the log: see docs/state.md.
std::string shown(const std::string& events) {
  std::string result;
  std::istringstream in{events};
  for (std::string line; std::getline(in, line);)
    if (line.find(R"("request_id":"container_agent:)") == std::string::npos
        && !line.starts_with(
          R"({"type":"container_agent","subtype":"checkpoint")")
        && !line.starts_with(R"({"type":"container_agent","subtype":"ended")"))
      result += line + '\n';
  return result;
}

class state : public testing::Test {
public:
  mortal_host host;

  /// A conversation of one prompt. Returns its session.
  std::string begin() {
    host.start_agent();
    host.wait_for_record("ready");
    return answer("hello", "u-1");
  }

  std::string answer(const std::string& text, const std::string& uuid) {
    host.prompt(text, uuid);
    return host.wait_for_result(uuid)["session_id"];
  }

  /// Waits until Claude is done with it; nobody reads meanwhile.
  void wait_completed(const std::string& uuid) {
    directory_watch watch{host.state_dir(), IN_MODIFY | IN_CREATE};
    while (host.unwritten() > 0)
      host.step(1, deadline{});
    watch.wait_until(
      [&] { return count_in(host.state_dir() / "completed", uuid) == 1; },
      "Claude to be done");
  }

  [[nodiscard]] std::uint64_t memory() {
    return memory_of(host.agent().pid()).rss_kib;
  }

  [[nodiscard]] std::filesystem::path newest() const {
    return log_files(host.log_dir(), "events").back();
  }

  void append(const std::string& text) const {
    std::ofstream{newest(), std::ios::app | std::ios::binary} << text;
  }

  /// Another agent, on pipes of its own, is refused.
  void expect_refused(const std::string& why) {
    mortal_host second{{"--state-dir", host.log_dir()}};
    second.start_agent();
    EXPECT_EQ(second.agent().wait_exit().code, 7);
    EXPECT_THAT(second.agent().stderr_text(), HasSubstr(why));
  }
};

} // namespace

TEST_F(state, claude_works_on_while_the_host_is_away) {
  begin();
  auto before = memory();
  const long lines = all_tests() ? 200'000 : 20'000;
  host.prompt("flood " + std::to_string(lines * 1000) + " 1000", "u-2");
  wait_completed("u-2");
  if (!sanitized()) {
    EXPECT_LT(memory(), before + 8 * 1024);
  }
  host.wait_for_result("u-2");
  long next = 0;
  std::istringstream in{host.stream()};
  for (std::string text; std::getline(in, text);) {
    auto line = json::parse(text);
    if (line.contains("number")) {
      ASSERT_EQ(line["number"], next++);
    }
  }
  EXPECT_EQ(next, lines);
}

TEST_F(state, the_log_and_the_fifo_hold_the_same_bytes) {
  begin();
  host.write("no prompt \xFF\n");
  answer("flood 20000000 1000", "u-2");
  answer("crash-once 3", "u-3");
  EXPECT_EQ(host.end_agent(SIGINT), graceful);
  host.read_rest();
  EXPECT_GE(log_files(host.log_dir(), "events").size(), 2U);
  auto log = shown(host.events());
  EXPECT_EQ(host.stream().size(), log.size());
  EXPECT_TRUE(host.stream() == log);
}

TEST_F(state, each_record_knows_where_it_is) {
  begin();
  host.kill_everything();
  auto events = host.events();
  std::istringstream in{host.stream()};
  int records = 0;
  for (std::string line; std::getline(in, line);)
    if (auto record = json::parse(line); record.contains("offset")) {
      EXPECT_EQ(events.substr(record["offset"].get<std::size_t>(), line.size()),
                line);
      ++records;
    }
  EXPECT_GE(records, 2);
}

TEST_F(state, the_next_agent_goes_on_when_everything_was_killed) {
  auto session = begin();
  auto gate_path = host.dir() / "gate";
  make_fifo(gate_path);
  host.prompt("gate " + gate_path.string(), "u-2");
  host.prompt("third", "u-3");
  host.wait_for(
    [](const json& line) {
      return text_in(line, "command_uuid") == "u-2"
             && text_in(line, "state") == "started";
    },
    "the turn");
  host.kill_everything();
  host.start_agent();
  auto exited = host.wait_for_record("claude_exited");
  EXPECT_TRUE(exited["exit_code"].is_null()) << exited;
  auto ready = host.wait_for_record("ready");
  EXPECT_EQ(ready["resumed"], true) << ready;
  open_write_close(gate_path, "x");
  host.wait_for_result("u-2");
  EXPECT_EQ(host.wait_for_result("u-3")["session_id"], session);
  EXPECT_EQ(count_in(host.state_dir() / "runs", "u-3"), 1U);
  for (const auto& [uuid, times] : ends_in(host.events()))
    EXPECT_EQ(times, 1) << uuid;
}

TEST_F(state, ends_of_everything_over_and_over_cost_no_prompt) {
  const int ends = all_tests() ? 300 : 12;
  begin();
  int sent = 1;
  for (int i = 0; i < ends; ++i) {
    for (int n = 0; n < 3; ++n)
      host.prompt("flood 20000 1000", "u-" + std::to_string(++sent));
    for (int steps = 0; steps < i % 7 * 5 || host.unwritten() > 0; ++steps)
      host.step(1000, deadline{});
    host.kill_everything();
    host.start_agent();
  }
  answer("last", "the-last");
  auto all = ends_in(host.events());
  EXPECT_TRUE(all.contains("u-1") && all.contains("the-last"));
  for (const auto& [uuid, times] : all)
    EXPECT_EQ(times, 1) << uuid;
}

TEST_F(state, sigterm_does_not_end_the_conversation) {
  auto session = begin();
  EXPECT_EQ(host.end_agent(SIGTERM), graceful);
  EXPECT_THAT(host.events(), Not(HasSubstr(R"("subtype":"ended")")));
  host.start_agent();
  auto ready = host.wait_for(
    [](const json& line) { return line.value("resumed", false); },
    "the next ready");
  EXPECT_EQ(ready["session_id"], session);
  EXPECT_EQ(answer("again", "u-2"), session);
}

TEST_F(state, sigint_ends_the_conversation) {
  auto session = begin();
  EXPECT_EQ(host.end_agent(SIGINT), graceful);
  EXPECT_THAT(host.events(), HasSubstr(R"("subtype":"ended")"));
  host.start_agent();
  EXPECT_NE(answer("again", "u-2"), session);
}

TEST_F(state, fresh_begins_anew_and_sets_the_old_one_aside) {
  auto session = begin();
  host.kill_everything();
  auto before = host.events();
  mortal_host next{{"--fresh", "--state-dir", host.log_dir()}};
  next.start_agent();
  next.prompt("again", "u-1"); // nobody knows it any more
  EXPECT_NE(next.wait_for_result("u-1")["session_id"], session);
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator{host.log_dir()})
    if (auto name = entry.path().filename().string();
        name.starts_with("events.") && name.ends_with(".log.old-1")) {
      EXPECT_EQ(read_file(entry.path()), before);
      ++aside;
    }
  EXPECT_EQ(aside, 1);
}

// -- two agents ---------------------------------------------------------------

TEST_F(state, a_second_agent_is_refused) {
  begin();
  expect_refused("(pid " + std::to_string(host.agent().pid()) + ")");
  answer("still there", "u-2");
}

TEST_F(state, a_second_agent_is_refused_though_the_lock_file_was_removed) {
  begin();
  directory_watch watch{host.log_dir()};
  std::filesystem::remove(host.log_dir() / "agent.lock");
  watch.wait_until(
    [&] { return kind_of(host.log_dir() / "agent.lock") == "regular"; },
    "the lock to be made again");
  expect_refused("(pid " + std::to_string(host.agent().pid()) + ")");
  answer("still there", "u-2");
}

// -- damage -------------------------------------------------------------------

TEST_F(state, a_torn_last_line_is_ended_told_and_not_shown) {
  begin();
  host.kill_everything();
  append(R"({"type":"assistant","half)");
  host.start_agent();
  auto exited = host.wait_for_record("claude_exited");
  EXPECT_EQ(exited["cut_bytes"], 25) << exited;
  answer("again", "u-2");
  EXPECT_THAT(host.stream(), Not(HasSubstr("\"half")));
  EXPECT_THAT(host.events(), HasSubstr("\"half\n"));
}

TEST_F(state, zeros_in_the_middle_are_told_and_gone_over) {
  begin();
  host.kill_everything();
  append("{\"type\":" + std::string(5000, '\0') + "\n");
  host.start_agent();
  host.wait_for_record("claude_exited");
  answer("again", "u-2");
  EXPECT_THAT(host.agent().stderr_text(), HasSubstr("\"state_damaged\""));
}

TEST_F(state, a_part_that_was_cut_off_is_an_error) {
  begin();
  answer("flood 20000000 1000", "u-2");
  answer("and more", "u-3");
  host.kill_everything();
  auto parts = log_files(host.log_dir(), "events");
  ASSERT_GE(parts.size(), 2U);
  std::filesystem::resize_file(parts.front(), 1000);
  host.start_agent();
  EXPECT_EQ(host.agent().wait_exit().code, 3);
  EXPECT_THAT(host.agent().stderr_text(),
              HasSubstr("a part is missing or was changed"));
}

TEST_F(state, a_checkpoint_that_nobody_understands_is_passed_over) {
  auto session = begin();
  host.kill_everything();
  append(R"({"type":"container_agent","subtype":"checkpoint","state":"?"})"
         "\n");
  host.start_agent();
  EXPECT_EQ(answer("again", "u-2"), session);
}

TEST_F(state, a_folder_of_somebody_else_is_refused) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root gives files away"; // reason: chown(2)
  begin();
  host.kill_everything();
  ASSERT_EQ(::chown(host.log_dir().c_str(), 1, 1), 0);
  host.start_agent();
  EXPECT_EQ(host.agent().wait_exit().code, 3);
  EXPECT_THAT(host.agent().stderr_text(), HasSubstr("must be this user's own"));
  ASSERT_EQ(::chown(host.log_dir().c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(newest().c_str(), 1, 1), 0);
  host.start_agent();
  EXPECT_EQ(host.agent().wait_exit().code, 3);
  EXPECT_THAT(host.agent().stderr_text(), HasSubstr("belongs to somebody"));
}

} // namespace container_agent::test
