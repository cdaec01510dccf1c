#include "actors/memory/host_settings.hpp"
#include "messages/codec/input_message.hpp"
#include "test/actors/claude_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string hooks_line
  = claude::set("i", R"("subtype":"initialize","hooks":{"Stop":[]})");
const std::string plan = claude::set_mode("m", "plan");
const std::string model_line
  = claude::set("o", R"("subtype":"set_model","model":"opus")");
const std::string question_line
  = claude::set("q", R"("subtype":"get_settings")");

class host_settings_test : public testing::Test {
public:
  host_settings settings;

  /// The host sets it, and Claude agrees.
  void set(const std::string& id, const std::string& line) {
    settings.sent(id, line);
    settings.answered(id, true);
  }

  /// What a new Claude is sent behind its `initialize`.
  std::vector<std::string> restore() {
    settings.end_child(false);
    settings.initialize_line("own");
    return settings.begin_restore("own", true);
  }

  static std::string own(const std::string& line, int number) {
    return codec::with_member(line, "request_id",
                              "own:" + std::to_string(number));
  }
};

} // namespace

TEST_F(host_settings_test, without_any_nothing_is_restored) {
  EXPECT_THAT(restore(), IsEmpty());
  EXPECT_EQ(settings.initialize_line("own"), "");
  EXPECT_FALSE(settings.restoring());
  EXPECT_EQ(settings.blocked(), "");
}

TEST_F(host_settings_test, what_claude_has_acknowledged_is_set_again) {
  EXPECT_TRUE(settings.sent("m", plan));
  EXPECT_TRUE(settings.answered("m", true));
  EXPECT_THAT(restore(), ElementsAre(own(plan, 1)));
  EXPECT_TRUE(settings.restoring());
  settings.answered("own:1", true);
  EXPECT_FALSE(settings.restoring());
  EXPECT_THAT(settings.outcome().settings, ElementsAre("set_permission_mode"));
}

TEST_F(host_settings_test, what_it_has_refused_is_not) {
  settings.sent("m", plan);
  EXPECT_TRUE(settings.answered("m", false));
  EXPECT_THAT(restore(), IsEmpty());
}

TEST_F(host_settings_test, a_later_one_takes_the_place_of_an_earlier_one) {
  set("m", plan);
  set("o", model_line);
  auto other = claude::set_mode("m2", "default");
  set("m2", other);
  EXPECT_THAT(restore(), ElementsAre(own(model_line, 1), own(other, 2)));
}

TEST_F(host_settings_test, each_server_and_each_set_of_flags_is_its_own) {
  auto one = claude::set(
    "1", R"("subtype":"mcp_toggle","serverName":"a","enabled":false)");
  auto two = claude::set(
    "2", R"("subtype":"mcp_toggle","serverName":"b","enabled":false)");
  auto three = claude::set(
    "3", R"("subtype":"apply_flag_settings","settings":{"x":1,"y":1})");
  auto four
    = claude::set("4", R"("subtype":"apply_flag_settings","settings":{"y":2})");
  auto five = claude::set(
    "5", R"("subtype":"apply_flag_settings","settings":{"y":3,"x":4})");
  auto number = 0;
  for (const auto& line : {one, two, three, four, five})
    set(std::to_string(++number), line);
  EXPECT_THAT(restore(), ElementsAre(own(one, 1), own(two, 2), own(four, 3),
                                     own(five, 4)));
}

TEST_F(host_settings_test, variables_are_set_again_without_an_answer) {
  const std::string line
    = R"({"type":"update_environment_variables","variables":{"A":"1"}})";
  EXPECT_TRUE(settings.sent({}, line));
  EXPECT_THAT(restore(), ElementsAre(own(line, 1)));
  EXPECT_FALSE(settings.restoring());
}

TEST_F(host_settings_test, the_last_initialize_is_sent_under_an_own_id) {
  set("i", hooks_line);
  auto other = claude::set("j", R"("subtype":"initialize","agents":{})");
  set("j", other);
  EXPECT_EQ(settings.initialize_line("own"),
            codec::with_member(other, "request_id", "own"));
  EXPECT_THAT(restore(), IsEmpty());
  EXPECT_TRUE(settings.outcome().initialize);
}

// As in a Claude that an earlier agent had sent it, and that answers only now.
TEST_F(host_settings_test, an_initialize_that_is_newer_is_sent_behind) {
  set("i", hooks_line);
  settings.initialize_line("own");
  auto newer = claude::set("j", R"("subtype":"initialize","hooks":{})");
  set("j", newer);
  EXPECT_THAT(settings.begin_restore("own", true), ElementsAre(own(newer, 1)));
  EXPECT_FALSE(settings.outcome().initialize);
  settings.answered("own:1", true);
  EXPECT_TRUE(settings.outcome().initialize);
}

TEST_F(host_settings_test, a_question_is_lost_with_claude) {
  EXPECT_FALSE(settings.sent("q", question_line));
  auto lost = settings.end_child(false);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].id, "q");
  EXPECT_EQ(lost[0].subtype, "get_settings");
  EXPECT_THAT(settings.end_child(false), IsEmpty()) << "once";
}

TEST_F(host_settings_test, an_answered_question_is_not_lost) {
  settings.sent("q", question_line);
  EXPECT_FALSE(settings.answered("q", true));
  EXPECT_THAT(settings.end_child(false), IsEmpty());
}

TEST_F(host_settings_test, a_question_that_was_withdrawn_is_not_lost) {
  settings.sent("q", question_line);
  settings.cancelled("q");
  EXPECT_THAT(settings.end_child(false), IsEmpty());
}

TEST_F(host_settings_test, what_had_no_answer_goes_to_the_next_one_as_it_is) {
  settings.sent("m", plan);
  EXPECT_THAT(settings.end_child(false), IsEmpty());
  EXPECT_THAT(settings.begin_restore("own", true), ElementsAre(plan));
  EXPECT_TRUE(settings.restoring());
  EXPECT_TRUE(settings.answered("m", true));
  EXPECT_FALSE(settings.restoring());
  EXPECT_THAT(settings.outcome().settings, IsEmpty()) << "the host was told";
  EXPECT_THAT(restore(), ElementsAre(own(plan, 1)));
}

// Else it would undo the later one in the next Claude.
TEST_F(host_settings_test, what_a_later_one_has_overtaken_is_not_set_again) {
  settings.sent("m1", claude::set_mode("m1", "bypassPermissions"));
  settings.sent("o", model_line);
  set("m2", claude::set_mode("m2", "plan"));
  EXPECT_EQ(settings.all().size(), 2U);
  auto lost = settings.end_child(false);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].id, "m1");
  EXPECT_THAT(settings.begin_restore("own", true),
              ElementsAre(own(claude::set_mode("m2", "plan"), 1), model_line));
}

TEST_F(host_settings_test, at_the_end_of_all_it_is_lost_too) {
  settings.sent("m", plan);
  EXPECT_EQ(settings.end_child(true).size(), 1U);
}

TEST_F(host_settings_test, without_the_permission_mode_nothing_may_be_sent) {
  set("m", plan);
  restore();
  settings.answered("own:1", false);
  EXPECT_THAT(settings.outcome().refused, ElementsAre("set_permission_mode"));
  EXPECT_THAT(settings.blocked(), testing::HasSubstr("set_permission_mode"));
  EXPECT_TRUE(host_settings::may_unblock(plan));
  EXPECT_FALSE(host_settings::may_unblock(model_line));
  set("m2", claude::set_mode("m2", "default"));
  EXPECT_EQ(settings.blocked(), "");
}

TEST_F(host_settings_test, without_an_answer_to_it_neither) {
  set("m", plan);
  restore();
  settings.stop_waiting();
  EXPECT_FALSE(settings.restoring());
  EXPECT_NE(settings.blocked(), "");
}

TEST_F(host_settings_test, without_the_hooks_neither) {
  set("i", hooks_line);
  settings.end_child(false);
  settings.initialize_line("own");
  settings.begin_restore("own", false);
  EXPECT_NE(settings.blocked(), "");
}

TEST_F(host_settings_test, without_another_setting_it_goes_on) {
  set("o", model_line);
  restore();
  settings.answered("own:1", false);
  EXPECT_THAT(settings.outcome().refused, ElementsAre("set_model"));
  EXPECT_EQ(settings.blocked(), "");
  EXPECT_THAT(restore(), ElementsAre(own(model_line, 1))) << "tried again";
}

TEST_F(host_settings_test, the_mode_that_claude_tells_of_counts) {
  set("m", plan);
  EXPECT_FALSE(settings.mode_is("plan"));
  EXPECT_TRUE(settings.mode_is("acceptEdits"));
  auto lines = restore();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(codec::setting_in(lines[0])->mode, "acceptEdits");
}

TEST_F(host_settings_test, the_next_agent_knows_all_of_it) {
  set("i", hooks_line);
  set("m", plan);
  settings.sent("o", model_line);
  settings.sent("q", question_line);
  host_settings next;
  next.recall(settings.all());
  EXPECT_THAT(next.unheard(), ElementsAre(model_line));
  next.end_child(false);
  EXPECT_EQ(next.initialize_line("own"),
            codec::with_member(hooks_line, "request_id", "own"));
  EXPECT_THAT(next.begin_restore("own", true),
              ElementsAre(own(plan, 1), model_line));
}

TEST_F(host_settings_test, of_too_many_the_oldest_that_can_be_spared_goes) {
  set("m", plan);
  for (std::size_t i = 0; i < host_settings::max_known; ++i)
    set("s", claude::set("s", R"("subtype":"set_)" + std::to_string(i) + '"'));
  EXPECT_EQ(settings.forgotten(), 1U);
  auto lines = restore();
  EXPECT_EQ(lines.size(), host_settings::max_known);
  EXPECT_EQ(lines.front(), own(plan, 1));
}

TEST_F(host_settings_test, of_too_many_questions_the_oldest_is_not_told) {
  for (std::size_t i = 0; i <= host_settings::max_open; ++i)
    settings.sent(std::to_string(i), question_line);
  auto lost = settings.end_child(false);
  EXPECT_EQ(lost.size(), host_settings::max_open);
  EXPECT_EQ(lost.front().id, "1");
}

TEST(setting_in, knows_what_sets_something) {
  auto slot = [](const std::string& line) {
    auto name = codec::setting_in(line);
    return name ? name->slot : "none";
  };
  EXPECT_EQ(slot(plan), "set_permission_mode");
  EXPECT_EQ(slot(question_line), "");
  EXPECT_EQ(slot(R"({"type":"keep_alive"})"), "none");
  EXPECT_EQ(slot("[1"), "none");
  EXPECT_EQ(codec::setting_in(plan)->mode, "plan");
}

TEST(with_member, wins_over_the_one_that_was_there) {
  auto line
    = codec::with_member(R"({"request_id":"a","x":"}"} )", "request_id", "b");
  EXPECT_EQ(line, R"({"request_id":"a","x":"}","request_id":"b"} )");
}

} // namespace container_agent::test
