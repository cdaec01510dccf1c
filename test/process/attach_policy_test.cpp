#include "main/process/attach_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace runtime;
using testing::HasSubstr;

constexpr std::uint32_t user = 1000;

descriptor_info pipe(std::uint64_t inode) {
  return {descriptor_kind::pipe, "pipe:[1]", {0, inode}, {}};
}

claude_candidate fit(std::int32_t pid = 10) {
  return {.pid = pid,
          .start_time = 1,
          .owner = user,
          .speaks_protocol = true,
          .input = pipe(1),
          .output = pipe(2),
          .input_has_writer = true,
          .users = {},
          .agent = 0,
          .kept = false};
}

claude_candidate with_input(descriptor_kind kind) {
  auto result = fit();
  result.input = {kind, "target", {}, {}};
  return result;
}

template <class Change>
claude_candidate changed(Change change) {
  auto result = fit();
  change(result);
  return result;
}

struct row {
  claude_candidate candidate;
  std::string reason;
  std::string detail;
};

} // namespace

TEST(choices, nothing_to_attach_to_is_no_refusal) {
  auto choice = choose_claude({}, user);
  EXPECT_FALSE(choice.attach);
  EXPECT_TRUE(choice.refused.empty());
}

TEST(choices, the_only_one_is_attached_to) {
  auto choice = choose_claude({fit(7)}, user);
  ASSERT_TRUE(choice.attach);
  EXPECT_EQ(choice.attach->pid, 7);
  EXPECT_TRUE(choice.refused.empty());
}

TEST(choices, every_refusal_says_why_and_what_to_do) {
  using enum descriptor_kind;
  const std::vector<row> rows{
    {with_input(terminal), "terminal", "stdin is a terminal, target"},
    {with_input(socket), "socket", "stdin is a socket"},
    {with_input(null), "null", "stdin is /dev/null"},
    {with_input(file), "file", "stdin is a file, target"},
    {with_input(closed), "closed", "stdin is closed"},
    {with_input(other), "no_pipe", "stdin is no pipe but target"},
    {with_input(unreadable), "unreadable", "stdin can't be looked at"},
    {changed([](auto& x) { x.output.kind = terminal; }), "terminal",
     "stdout is a terminal"},
    {changed([](auto& x) { x.owner = 0; }), "other_user",
     "user 0, the agent is user 1000"},
    {changed([](auto& x) { x.speaks_protocol = false; }), "no_stream_json",
     "does not speak stream-json"},
    {changed([](auto& x) { x.agent = 99; }), "supervised", "pid 99"},
    {changed([](auto& x) { x.kept = true; }), "kept",
     "an agent with --keep-claude has started it"},
    {changed([](auto& x) { x.input_has_writer = false; }), "stdin_ended",
     "about to end"},
    {changed([](auto& x) {
       x.users = {{5, "cat", false, true}};
     }),
     "in_use", "process 5 (cat) reads its stdout"},
    {changed([](auto& x) {
       x.users = {{5, "", true, false}};
     }),
     "in_use", "process 5 has its stdin open for writing"},
    {changed([](auto& x) {
       x.users = {{5, "y", true, true}};
     }),
     "in_use",
     "process 5 (y) reads its stdout and has its stdin open for writing"},
  };
  for (const auto& r : rows) {
    auto choice = choose_claude({r.candidate}, user);
    EXPECT_FALSE(choice.attach) << r.reason;
    ASSERT_EQ(choice.refused.size(), 1u) << r.reason;
    EXPECT_EQ(choice.refused[0].pid, 10);
    EXPECT_EQ(choice.refused[0].reason, r.reason);
    EXPECT_THAT(choice.refused[0].detail, HasSubstr(r.detail));
    EXPECT_FALSE(choice.refused[0].advice.empty()) << r.reason;
  }
}

TEST(choices, two_that_are_fit_are_both_refused_and_named) {
  auto choice = choose_claude({fit(7), fit(8)}, user);
  EXPECT_FALSE(choice.attach);
  ASSERT_EQ(choice.refused.size(), 2u);
  for (const auto& refused : choice.refused) {
    EXPECT_EQ(refused.reason, "several");
    EXPECT_THAT(refused.detail, HasSubstr("7, 8"));
    EXPECT_THAT(refused.advice, HasSubstr("--attach PID"));
  }
}

TEST(choices, one_that_is_fit_is_taken_whatever_the_others_are) {
  auto choice
    = choose_claude({with_input(descriptor_kind::terminal), fit(8)}, user);
  ASSERT_TRUE(choice.attach);
  EXPECT_EQ(choice.attach->pid, 8);
  EXPECT_EQ(choice.refused.size(), 1u);
}

TEST(choices, a_refusal_tells_who_is_in_the_way) {
  auto used = changed([](auto& x) {
    x.users = {{5, "cat", false, true}, {6, "sh", true, false}};
  });
  auto choice = choose_claude({used}, user);
  EXPECT_THAT(choice.refused.at(0).users, testing::ElementsAre(5, 6));
}

} // namespace container_agent::test
