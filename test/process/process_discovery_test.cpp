#include "main/process/process_discovery.hpp"

#include "test/process/proc_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace runtime;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> speaking{
  "claude",      "-p",        "--input-format",
  "stream-json", "--verbose", "--output-format=stream-json"};

constexpr pid_t self = 50;

const command_names names{"claude", {"/opt/claude/bin/cli", "/usr/bin/claude"}};

/// Process 1, a shell and the agent that it has started.
class searches : public testing::Test {
public:
  proc_tree tree;
  process_table table{tree.root()};

  searches() {
    tree.add({.pid = 1, .parent = 0});
    tree.add({.pid = 40, .parent = 1, .name = "sh"});
    tree.add({.pid = self, .parent = 40, .name = "container-agent"});
  }

  /// One that could be attached to. Its pipes are its own.
  void add_claude(pid_t pid, pid_t parent = 1, unsigned user = 0) {
    tree.add({.pid = pid,
              .parent = parent,
              .name = "claude",
              .command_line = speaking,
              .executable = "/opt/claude/bin/cli",
              .user = user});
    tree.open(pid, 0, "pipe:[" + std::to_string(pid * 10) + "]", "0100002");
    tree.open(pid, 1, "pipe:[" + std::to_string(pid * 10 + 1) + "]", "0100002");
  }

  attach_policy find() {
    return process_discovery{table, true, self, 0}.find(names);
  }

  attach_policy find(pid_t pid) {
    return process_discovery{table, true, self, 0}.find(pid);
  }

  std::string reason() {
    auto choice = find();
    return choice.attach            ? "attached"
           : choice.refused.empty() ? "nobody"
                                    : choice.refused[0].reason;
  }
};

command_match match(std::string_view executable,
                    std::vector<std::string> command_line) {
  return match_command(names, executable, command_line);
}

} // namespace

TEST(matches, go_by_file_name_or_script) {
  using enum command_match;
  EXPECT_EQ(match("/opt/claude/bin/cli", {"whatever"}), program);
  EXPECT_EQ(match("/usr/bin/node", {"claude"}), program);
  EXPECT_EQ(match("", {"/elsewhere/claude", "-p"}), program);
  EXPECT_EQ(match("", {"/opt/claude/bin/cli"}), program);
  EXPECT_EQ(match("/usr/bin/node", {"node", "--x", "/usr/bin/claude"}), script);
  EXPECT_EQ(match("/bin/dash", {"/bin/sh", "claude", "-p"}), script);
  EXPECT_EQ(match("/bin/vim", {"vim", "/usr/bin/claude"}), no);
  EXPECT_EQ(match("/usr/bin/node", {"node", "x.js", "claude"}), no);
  EXPECT_EQ(match("/usr/bin/claude-x", {"claude-x"}), no);
  EXPECT_EQ(match("/bin/sh", {"sh"}), no);
  EXPECT_EQ(match("", {}), no);
}

TEST(matches, know_stream_json) {
  EXPECT_TRUE(asks_for_stream_json(speaking));
  EXPECT_TRUE(asks_for_stream_json({"--print", "--input-format=stream-json",
                                    "--output-format", "stream-json"}));
  EXPECT_FALSE(asks_for_stream_json({"claude"}));
  EXPECT_FALSE(asks_for_stream_json(
    {"--input-format=stream-json", "--output-format=stream-json"}));
  EXPECT_FALSE(asks_for_stream_json(
    {"-p", "--input-format=text", "--output-format=stream-json"}));
  EXPECT_FALSE(asks_for_stream_json(
    {"-p", "stream-json", "--input-format", "stream-json", "--output-format"}));
}

TEST_F(searches, find_nobody_where_nobody_is) {
  EXPECT_EQ(reason(), "nobody");
}

TEST_F(searches, find_one) {
  add_claude(60);
  auto choice = find();
  ASSERT_TRUE(choice.attach);
  EXPECT_EQ(choice.attach->pid, 60);
  EXPECT_EQ(choice.attach->start_time, 100u);
  EXPECT_THAT(choice.refused, IsEmpty());
}

TEST_F(searches, pass_over_one_of_another_agent) {
  tree.add({.pid = 70, .name = "container-agent"});
  tree.add({.pid = 71, .parent = 70, .name = "agent-reaper"});
  tree.add({.pid = 72, .parent = 71, .name = "agent-shim"});
  add_claude(73, 70);
  add_claude(74, 72);
  EXPECT_EQ(reason(), "nobody");
  EXPECT_EQ(find(73).refused.at(0).reason, "supervised");
  EXPECT_EQ(find(74).refused.at(0).reason, "supervised");
}

TEST_F(searches, refuse_one_that_an_agent_has_kept) {
  auto agent = "/usr/bin/container-agent";
  tree.add({.pid = 71, .name = "agent-reaper", .executable = agent});
  tree.add(
    {.pid = 72, .parent = 71, .name = "agent-shim", .executable = agent});
  add_claude(74, 72);
  EXPECT_EQ(reason(), "kept");
  EXPECT_EQ(find(74).refused.at(0).reason, "kept");
}

TEST_F(searches, know_an_agent_by_its_file_too) {
  tree.add(
    {.pid = 70, .name = "init", .executable = "/usr/bin/container-agent"});
  add_claude(72, 70);
  EXPECT_EQ(reason(), "nobody");
}

TEST_F(searches, find_one_that_the_agent_itself_has_adopted) {
  add_claude(60, self);
  EXPECT_EQ(reason(), "attached");
}

TEST_F(searches, pass_over_what_a_candidate_has_started) {
  add_claude(60);
  tree.add({.pid = 61, .parent = 60});
  add_claude(62, 61);
  auto choice = find();
  ASSERT_TRUE(choice.attach);
  EXPECT_EQ(choice.attach->pid, 60);
}

TEST_F(searches, pass_over_what_has_started_the_agent) {
  add_claude(80);
  tree.add({.pid = 81, .parent = 80});
  auto choice = process_discovery{table, true, 81, 0}.find(names);
  EXPECT_FALSE(choice.attach);
  EXPECT_THAT(choice.refused, IsEmpty());
  EXPECT_EQ(
    (process_discovery{table, true, 81, 0}.find(80).refused.at(0).reason),
    "own");
}

TEST_F(searches, say_why_not) {
  add_claude(60, 1, 1000);
  EXPECT_EQ(reason(), "other_user");
}

TEST_F(searches, tell_a_claude_for_a_person) {
  tree.add({.pid = 60, .command_line = {"claude"}});
  EXPECT_EQ(reason(), "no_stream_json");
  // Any program will do in raw mode, once its pipes are fit.
  auto raw = process_discovery{table, false, self, 0}.find(names);
  EXPECT_EQ(raw.refused.at(0).reason, "closed");
}

TEST_F(searches, name_who_uses_it) {
  add_claude(60);
  tree.add({.pid = 90, .name = "cat"});
  tree.open(90, 0, "pipe:[601]", "0100000");
  tree.add({.pid = 91, .name = "tee"});
  tree.open(91, 1, "pipe:[600]", "0100001");
  auto choice = find();
  ASSERT_THAT(choice.refused, SizeIs(1));
  EXPECT_EQ(choice.refused[0].reason, "in_use");
  EXPECT_THAT(choice.refused[0].users, testing::ElementsAre(90, 91));
}

TEST_F(searches, do_not_mind_what_it_has_started) {
  add_claude(60);
  tree.add({.pid = 61, .parent = 60});
  tree.open(61, 0, "pipe:[601]", "0100002");
  EXPECT_EQ(reason(), "attached");
}

TEST_F(searches, see_that_its_stdin_has_ended) {
  tree.add({.pid = 60, .command_line = speaking});
  tree.open(60, 0, "pipe:[600]", "0100000");
  tree.open(60, 1, "pipe:[601]", "0100001");
  EXPECT_EQ(reason(), "stdin_ended");
}

TEST_F(searches, pass_over_the_dead) {
  tree.add({.pid = 60, .command_line = speaking, .state = 'Z'});
  EXPECT_EQ(reason(), "nobody");
  EXPECT_EQ(find(60).refused.at(0).reason, "no_such_process");
  EXPECT_EQ(find(61).refused.at(0).reason, "no_such_process");
}

TEST_F(searches, take_a_named_process_whatever_its_name) {
  auto line = speaking;
  line.front() = "/bin/other";
  tree.add({.pid = 60, .command_line = line});
  tree.open(60, 0, "pipe:[600]", "0100002");
  tree.open(60, 1, "pipe:[601]", "0100001");
  EXPECT_TRUE(find(60).attach);
  EXPECT_EQ(reason(), "nobody");
}

} // namespace container_agent::test
