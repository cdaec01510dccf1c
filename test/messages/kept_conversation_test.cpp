#include "messages/codec/kept_conversation.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

namespace {

using codec::kept_conversation;

// Everything that an entry can be, once.
const std::string whole
  = codec::session_entry("s-1", false)
    + codec::accepted_entry("u-1", "{\"a\":\"\\n\"}\n", 20)
    + codec::sent_entry("u-1", 1) + codec::begun_entry("u-1")
    + codec::accepted_entry("u-2", "{\"b\":2}\n", 40) + codec::asks_entry("a-1")
    + codec::launched_entry() + codec::asks_entry("q-1")
    + codec::asks_entry("q-2") + codec::lifecycle_entry(true)
    + codec::closed_entry("u-1", 100)
    + codec::closed_entry("u-0", 0, {}, "crashed")
    + codec::closed_entry("u-9", 0, {}, "gave_up")
    + codec::forgotten_entry("u-9") + codec::sent_entry("u-2", 1)
    + codec::asked_entry("q-1", "{\"yes\":1}\n", 45)
    + codec::asked_entry("q-3", {}, 0) + codec::ready_entry()
    + codec::settings_entry({{"r-1", "{\"set\":1}", true}, {"", "{}", false}},
                            47)
    + codec::continued_entry("u-2", "c-2") + codec::sent_entry("u-2", 2, true)
    + codec::answering_entry("u-2") + codec::session_entry("s-1", false, 2)
    + codec::input_entry(50);

kept_conversation taken(std::string_view journal) {
  kept_conversation result;
  EXPECT_EQ(result.take_all(journal), 0U);
  return result;
}

} // namespace

TEST(kept_conversations, know_what_waits_what_flies_and_what_is_done) {
  auto kept = taken(whole);
  ASSERT_EQ(kept.prompts.size(), 1U);
  EXPECT_EQ(kept.prompts[0].uuid, "u-2");
  EXPECT_EQ(kept.prompts[0].line, bytes{"{\"b\":2}\n"});
  EXPECT_EQ(kept.prompts[0].sent, 2U);
  EXPECT_FALSE(kept.prompts[0].begun);
  EXPECT_EQ(kept.prompts[0].continued_as, "c-2");
  EXPECT_TRUE(kept.prompts[0].again);
  EXPECT_TRUE(kept.prompts[0].answering);
  EXPECT_EQ(kept.closed.front().uuid, "u-1");
  EXPECT_EQ(kept.closed.front().result_end, 100U);
  ASSERT_EQ(kept.closed.size(), 2U);
  EXPECT_EQ(kept.closed[1].uuid, "u-0");
  EXPECT_EQ(kept.closed[1].failure, "crashed");
  EXPECT_EQ(kept.session_id, "s-1");
  EXPECT_EQ(kept.failed_resumes, 2U);
  EXPECT_TRUE(kept.ready);
  ASSERT_EQ(kept.settings.size(), 2U);
  EXPECT_EQ(kept.settings[0].request_id, "r-1");
  EXPECT_EQ(kept.settings[0].line, "{\"set\":1}");
  EXPECT_TRUE(kept.settings[0].acknowledged);
  EXPECT_FALSE(kept.settings[1].acknowledged);
  EXPECT_EQ(kept.input, 50U);
}

TEST(kept_conversations, keep_a_line_byte_for_byte) {
  const std::string line = "{\"t\":\"\\u00e9 \xC3\xA9 \\\\ \\\" \x7F\"}\n";
  auto kept = taken(codec::accepted_entry("u \"1\"", line, 1));
  ASSERT_EQ(kept.prompts.size(), 1U);
  EXPECT_EQ(kept.prompts[0].line, bytes{line});
  EXPECT_EQ(kept.prompts[0].uuid, "u \"1\"");
}

TEST(kept_conversations, torn_at_any_byte_know_all_whole_entries_before) {
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    auto torn = std::string_view{whole}.substr(0, size);
    auto end = torn.rfind('\n');
    auto entire = torn.substr(0, end == std::string_view::npos ? 0 : end + 1);
    EXPECT_EQ(taken(torn).text(), taken(entire).text()) << size;
  }
}

TEST(kept_conversations, come_to_the_same_when_written_anew_after_any_entry) {
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    if (at > 0 && whole[at - 1] != '\n')
      continue;
    auto kept = taken(std::string_view{whole}.substr(0, at));
    auto again = taken(kept.text());
    EXPECT_EQ(again.text(), kept.text()) << at;
    again.take_all(std::string_view{whole}.substr(at));
    EXPECT_EQ(again.text(), taken(whole).text()) << at;
  }
}

TEST(kept_conversations, a_new_child_has_begun_nothing) {
  auto kept = taken(codec::accepted_entry("u-1", "{}\n", 3)
                    + codec::sent_entry("u-1", 1) + codec::begun_entry("u-1")
                    + codec::launched_entry());
  EXPECT_EQ(kept.prompts[0].sent, 1U);
  EXPECT_FALSE(kept.prompts[0].begun);
}

TEST(kept_conversations, know_what_the_child_waits_for) {
  auto kept = taken(whole);
  EXPECT_EQ(kept.open_requests, std::deque<std::string>{"q-2"});
  EXPECT_EQ(kept.answers, std::deque<std::string>{"{\"yes\":1}\n"});
  kept.accept("u-3", bytes{"{}\n"});
  kept.close("u-3", 0); // it waited
  EXPECT_EQ(kept.answers.size(), 1U);
  kept.close("u-2", 200);
  EXPECT_TRUE(kept.answers.empty());
}

TEST(kept_conversations, remember_some_answers) {
  kept_conversation kept;
  const std::string much(kept_conversation::max_answer_bytes / 2, 'x');
  for (const auto* name : {"a", "b", "c"})
    kept.end_request("q", name + much.substr(1));
  EXPECT_EQ(kept.answers.size(), 2U);
  EXPECT_EQ(kept.answers.front().front(), 'b');
  kept.end_request("q", much + much + much);
  EXPECT_EQ(kept.answers.size(), 1U);
}

TEST(kept_conversations, know_whether_this_child_reports_or_one_before) {
  auto kept = taken(codec::lifecycle_entry(true));
  EXPECT_TRUE(kept.lifecycle);
  EXPECT_FALSE(kept.lifecycle_before);
  kept.launch();
  kept.launch();
  EXPECT_FALSE(kept.lifecycle);
  EXPECT_TRUE(kept.lifecycle_before);
  EXPECT_TRUE(taken(kept.text()).lifecycle_before);
  kept.lifecycle = true;
  kept.launch();
  EXPECT_FALSE(kept.lifecycle);
}

TEST(kept_conversations, a_new_send_is_not_begun_yet) {
  auto kept = taken(codec::accepted_entry("u-1", "{}\n", 3)
                    + codec::sent_entry("u-1", 1) + codec::begun_entry("u-1")
                    + codec::sent_entry("u-1", 2));
  EXPECT_EQ(kept.prompts[0].sent, 2U);
  EXPECT_FALSE(kept.prompts[0].begun);
}

TEST(kept_conversations, remember_as_many_closed_prompts_as_the_queue) {
  kept_conversation kept;
  for (std::size_t i = 0; i <= kept_conversation::max_closed; ++i)
    kept.close("u-" + std::to_string(i), 0);
  EXPECT_EQ(kept.closed.size(), kept_conversation::max_closed);
  EXPECT_EQ(kept.closed.front().uuid, "u-1");
}

TEST(kept_conversations, count_what_is_no_entry_and_go_on) {
  kept_conversation kept;
  EXPECT_EQ(kept.take_all("rubbish\n[]\n{\"closed\":\"u-1\"}\n{\"x\":1}\n"),
            3U);
  EXPECT_EQ(kept.closed.size(), 1U);
}

TEST(kept_conversations, a_new_child_has_neither_settings_nor_new_names) {
  auto kept = taken(whole + codec::continued_entry("u-2", "c-3")
                    + codec::sent_entry("u-2", 2) + codec::launched_entry());
  EXPECT_FALSE(kept.ready);
  EXPECT_EQ(kept.prompts[0].continued_as, "c-3");
  EXPECT_TRUE(kept.prompts[0].again) << "the one before had it";
}

TEST(kept_conversations, of_an_older_agent_are_read) {
  auto kept = taken(R"({"session":"s-1","anew":false})"
                    "\n"
                    R"({"accepted":"u-1","line":"{}\n","input":3})"
                    "\n"
                    R"({"sent":"u-1","times":2})"
                    "\n");
  EXPECT_EQ(kept.failed_resumes, 0U);
  EXPECT_FALSE(kept.ready);
  EXPECT_EQ(kept.prompts[0].sent, 2U);
  EXPECT_EQ(kept.prompts[0].continued_as, "");
}

TEST(kept_conversations, know_by_which_uuid_a_result_names_its_prompt) {
  auto kept = taken(
    codec::accepted_entry("u-1", "{}\n", 3) + codec::sent_entry("u-1", 1)
    + codec::continued_entry("u-1", "c-1") + codec::closed_entry("u-1", 90));
  EXPECT_EQ(kept.closed.back().continued_as, "c-1");
  EXPECT_EQ(taken(kept.text()).closed.back().continued_as, "c-1");
}

} // namespace container_agent::test
