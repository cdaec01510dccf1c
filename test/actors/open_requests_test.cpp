#include "actors/memory/open_requests.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

std::string without_secret(std::string_view text) {
  std::string result{text};
  if (auto at = result.find("hunter2"); at != result.npos)
    result.replace(at, 7, "[redacted]");
  return result;
}

class requests_that_wait : public testing::Test {
public:
  open_requests all{5min, without_secret};
  open_requests::time_point now{1h};

  void ask(const std::string& id, const std::string& command = "true",
           const std::string& subtype = "can_use_tool") {
    all.open(id, {subtype, "Bash", command});
    all.pass(now);
  }

  std::string ids(const std::vector<open_requests::entry>& entries) {
    std::string result;
    for (const auto& e : entries)
      result += e.id + ' ';
    return result;
  }
};

} // namespace

TEST_F(requests_that_wait, are_listed_with_their_age) {
  ask("q1", "git push");
  now += 1500ms;
  auto listed = all.listed(now);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].id, "q1");
  EXPECT_EQ(listed[0].subtype, "can_use_tool");
  EXPECT_EQ(listed[0].tool, "Bash");
  EXPECT_EQ(listed[0].summary, "git push");
  EXPECT_EQ(listed[0].age, 1500ms);
}

TEST_F(requests_that_wait, close_once) {
  ask("q1");
  EXPECT_TRUE(all.contains("q1"));
  EXPECT_EQ(all.open("q1"), nullptr) << "open already";
  EXPECT_TRUE(all.close("q1"));
  EXPECT_FALSE(all.close("q1"));
  EXPECT_TRUE(all.empty());
  EXPECT_FALSE(all.due());
}

TEST_F(requests_that_wait, show_no_secret_nor_half_of_one) {
  ask("q1", std::string(76, 'x') + "hunter2");
  auto summary = all.listed(now)[0].summary;
  EXPECT_EQ(summary, std::string(76, 'x') + "[red…");
}

TEST_F(requests_that_wait, are_short_and_move_no_cursor) {
  ask("q1", "a\n\x1b[2J" + std::string(200, 'b'));
  ask("q2", std::string(79, 'a') + "ä!");
  auto listed = all.listed(now);
  EXPECT_EQ(listed[0].summary.substr(0, 10), "a\\n\\x1b[2J");
  EXPECT_LT(listed[0].summary.size(), 100u);
  EXPECT_EQ(listed[1].summary, std::string(79, 'a') + "…");
}

TEST_F(requests_that_wait, list_the_oldest_and_count_all) {
  for (std::size_t i = 0; i < open_requests::max_listed + 5; ++i)
    ask("q" + std::to_string(i));
  EXPECT_EQ(all.listed(now).size(), open_requests::max_listed);
  EXPECT_EQ(all.listed(now).front().id, "q0");
  EXPECT_EQ(all.size(), open_requests::max_listed + 5);
}

TEST_F(requests_that_wait, want_the_time_when_they_open) {
  EXPECT_FALSE(all.wants_time());
  all.open("q1", {});
  EXPECT_TRUE(all.wants_time());
  all.pass(now);
  EXPECT_FALSE(all.wants_time());
  EXPECT_EQ(all.due(), now + open_requests::reminder);
}

TEST_F(requests_that_wait, are_reminded_of_once) {
  ask("q1");
  now += 30s;
  ask("q2");
  now += 30s - 1ms;
  EXPECT_EQ(ids(all.pass(now).unanswered), "");
  now += 1ms;
  EXPECT_EQ(ids(all.pass(now).unanswered), "q1 ");
  now += 30s;
  EXPECT_EQ(ids(all.pass(now).unanswered), "q2 ");
  EXPECT_EQ(ids(all.pass(now).unanswered), "");
}

TEST_F(requests_that_wait, are_denied_after_the_time_that_was_given) {
  ask("q1");
  now += 1min;
  ask("q2");
  now += 4min - 1ms;
  EXPECT_EQ(ids(all.pass(now).denied), "");
  EXPECT_EQ(all.due(), now + 1ms);
  now += 1ms;
  EXPECT_EQ(ids(all.pass(now).denied), "q1 ");
  EXPECT_FALSE(all.contains("q1"));
  EXPECT_TRUE(all.contains("q2"));
}

TEST_F(requests_that_wait, only_permissions_are_denied) {
  ask("q1", "x", "hook_callback");
  now += 24h;
  EXPECT_EQ(ids(all.pass(now).denied), "");
  EXPECT_FALSE(all.due()) << "reminded of, and nothing else comes";
}

TEST_F(requests_that_wait, are_never_denied_by_default) {
  all = open_requests{0ms, nullptr};
  ask("q1");
  now += 24h;
  EXPECT_EQ(ids(all.pass(now).denied), "");
  EXPECT_TRUE(all.contains("q1"));
}

TEST_F(requests_that_wait, are_named_by_what_is_known) {
  all.open("q1", {"can_use_tool", "Bash", ""});
  all.open("q2", {"hook_callback", "", ""});
  all.open("q3");
  auto taken = all.take_all();
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0].name(), "Bash");
  EXPECT_EQ(taken[1].name(), "hook_callback");
  EXPECT_EQ(taken[2].name(), "a request");
  EXPECT_TRUE(all.empty());
}

} // namespace container_agent::test
