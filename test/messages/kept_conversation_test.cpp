#include "messages/records/kept_conversation.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace container_agent::test {

namespace {

using codec::kept_conversation;
using nlohmann::json;

// Everything that there can be, once.
kept_conversation whole() {
  kept_conversation kept;
  kept.prompts.push_back({.uuid = "u-2",
                          .input = {40, 60},
                          .sent = 2,
                          .begun = true,
                          .continued_as = "c-2",
                          .again = true,
                          .answering = true});
  kept.prompts.push_back({.uuid = "u \"3\" \xc3\xa9", .input = {60, 90}});
  kept.closed.push_back({"u-0"});
  kept.closed.push_back({"u-1", "crashed", "c-1"});
  kept.session_id = "s-1";
  kept.anew = true;
  kept.settings = {{"r-1", "{\"set\":1}", true}, {"", "{}", false}};
  kept.left_out = {{10, 20}, {40, 60}};
  kept.input = 90;
  kept.to_child = 1'000'000'000'000;
  kept.pid = 77;
  kept.ready = true;
  kept.lifecycle = true;
  kept.held_from = 80;
  kept.open_requests = {{"q-1", {"can_use_tool", "Bash", "ls"}}, {"q-2"}};
  kept.tasks = {"t-1"};
  return kept;
}

std::optional<kept_conversation> read_back(std::string_view text) {
  return codec::read_checkpoint(R"({"state":)" + std::string{text} + '}');
}

} // namespace

TEST(kept_conversations, are_read_as_they_were_written) {
  auto text = text_of(whole());
  EXPECT_EQ(text.find('\n'), std::string::npos) << "one line";
  auto kept = read_back(text);
  ASSERT_TRUE(kept);
  EXPECT_EQ(text_of(*kept), text);
  ASSERT_EQ(kept->prompts.size(), 2u);
  const auto& flying = kept->prompts[0];
  EXPECT_EQ(flying.uuid, "u-2");
  EXPECT_EQ(flying.input.from, 40u);
  EXPECT_EQ(flying.input.to, 60u);
  EXPECT_EQ(flying.sent, 2u);
  EXPECT_TRUE(flying.begun);
  EXPECT_EQ(flying.known_as(), "c-2");
  EXPECT_TRUE(flying.again);
  EXPECT_TRUE(flying.answering);
  const auto& waiting = kept->prompts[1];
  EXPECT_EQ(waiting.known_as(), "u \"3\" \xc3\xa9");
  EXPECT_EQ(waiting.sent, 0u);
  EXPECT_FALSE(waiting.begun);
  ASSERT_EQ(kept->closed.size(), 2u);
  EXPECT_EQ(kept->closed[0].uuid, "u-0");
  EXPECT_EQ(kept->closed[0].failure, "");
  EXPECT_EQ(kept->closed[1].failure, "crashed");
  EXPECT_EQ(kept->closed[1].continued_as, "c-1");
  EXPECT_EQ(kept->session_id, "s-1");
  EXPECT_TRUE(kept->anew);
  ASSERT_EQ(kept->settings.size(), 2u);
  EXPECT_EQ(kept->settings[0].request_id, "r-1");
  EXPECT_EQ(kept->settings[0].line, "{\"set\":1}");
  EXPECT_TRUE(kept->settings[0].acknowledged);
  EXPECT_FALSE(kept->settings[1].acknowledged);
  ASSERT_EQ(kept->left_out.size(), 2u);
  EXPECT_EQ(kept->left_out[1].from, 40u);
  EXPECT_EQ(kept->left_out[1].to, 60u);
  EXPECT_EQ(kept->input, 90u);
  EXPECT_EQ(kept->to_child, 1'000'000'000'000u);
  EXPECT_EQ(kept->pid, 77);
  EXPECT_TRUE(kept->ready);
  EXPECT_TRUE(kept->lifecycle);
  EXPECT_EQ(kept->held_from, 80u);
  ASSERT_EQ(kept->open_requests.size(), 2u);
  EXPECT_EQ(kept->open_requests[0].id, "q-1");
  EXPECT_EQ(kept->open_requests[0].about.subtype, "can_use_tool");
  EXPECT_EQ(kept->open_requests[0].about.tool, "Bash");
  EXPECT_EQ(kept->open_requests[0].about.subject, "ls");
  EXPECT_EQ(kept->open_requests[1].id, "q-2");
  EXPECT_EQ(kept->tasks, std::vector<std::string>{"t-1"});
}

TEST(kept_conversations, begin_with_nothing) {
  kept_conversation nothing;
  auto kept = read_back(text_of(nothing));
  ASSERT_TRUE(kept);
  EXPECT_EQ(text_of(*kept), text_of(nothing));
  EXPECT_TRUE(kept->prompts.empty());
  EXPECT_EQ(kept->pid, 0);
}

TEST(kept_conversations, cut_at_any_byte_are_none) {
  auto text = text_of(whole());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(read_back(std::string_view{text}.substr(0, size))) << size;
}

TEST(kept_conversations, that_lack_a_member_or_have_another_kind_are_none) {
  auto all = json::parse(text_of(whole()));
  for (const auto& [name, value] : all.items()) {
    auto other = all;
    other.erase(name);
    EXPECT_FALSE(read_back(other.dump())) << name;
    other[name] = json::object();
    other[name]["x"] = value;
    EXPECT_FALSE(read_back(other.dump())) << name;
  }
  for (const auto* list : {"prompts", "settings"})
    for (const auto& [name, value] : all[list][0].items()) {
      auto other = all;
      other[list][0].erase(name);
      EXPECT_FALSE(read_back(other.dump())) << name;
    }
  for (const auto& closed : {json(7), json::array({"u"}), json(nullptr)}) {
    auto other = all;
    other["closed"] = json::array({closed});
    EXPECT_FALSE(read_back(other.dump())) << closed;
  }
}

TEST(kept_conversations, of_a_later_version_may_say_more) {
  auto all = json::parse(text_of(whole()));
  all["new"] = {1, 2};
  all["prompts"][0]["new"] = true;
  auto kept = read_back(all.dump());
  ASSERT_TRUE(kept);
  EXPECT_EQ(text_of(*kept), text_of(whole()));
}

TEST(kept_conversations, with_bytes_that_are_no_text_are_written_all_the_same) {
  auto kept = whole();
  kept.settings[0].line = "\xff";
  EXPECT_TRUE(read_back(text_of(kept)));
}

TEST(kept_conversations, of_many_closed_prompts_are_short) {
  kept_conversation kept;
  for (std::size_t i = 0; i < kept_conversation::max_closed; ++i)
    kept.closed.push_back({"0123456789abcdef0123456789abcdef"});
  EXPECT_LT(text_of(kept).size(), 600u * 1024);
}

} // namespace container_agent::test
