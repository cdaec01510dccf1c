#include "test/conformance/play.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

/// That the comparison finds what it is for.
namespace container_agent::test::conformance {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

scenario scenario_named(const std::string& name) {
  auto all = load_all();
  auto found = std::find_if(all.begin(), all.end(),
                            [&](const scenario& s) { return s.name == name; });
  if (found == all.end())
    throw std::runtime_error("no scenario: " + name);
  return *found;
}

} // namespace

TEST(conformance_faults, a_deliberate_error_in_the_fake_is_found) {
  auto what = scenario_named("completed_prompt_again_after_resume");
  auto claude = fake_claude({"--nonconforming"});
  auto played = play(what, *claude);
  EXPECT_THAT(difference(what.recorded, played.shapes),
              testing::AllOf(HasSubstr("  + command_lifecycle queued: one"),
                             HasSubstr("  + result success for one")));
}

TEST(conformance_faults, a_step_that_never_comes_is_told) {
  scenario what;
  what.steps = {{{"initialized", nlohmann::ordered_json::array()}},
                {{"close", true}},
                {{"await", "result success"}}};
  auto claude = fake_claude();
  EXPECT_THAT(play(what, *claude).failure,
              HasSubstr("step 3: it ended without"));
  what.steps = {{{"dance", 1}}};
  EXPECT_THAT(play(what, *claude).failure, HasSubstr("no such step"));
}

TEST(conformance_faults, there_are_scenarios_and_each_is_recorded) {
  auto all = load_all();
  EXPECT_GE(all.size(), 30U);
  for (const auto& s : all)
    EXPECT_FALSE(s.recorded.empty()) << s.name;
}

TEST(conformance_faults, a_difference_is_marked_where_it_is) {
  EXPECT_THAT(difference({"a", "b"}, {"a", "b"}), IsEmpty());
  EXPECT_THAT(difference({"a", "b", "c"}, {"a", "x", "c"}),
              HasSubstr("    a\n  - b\n  + x\n    c\n"));
  EXPECT_THAT(difference({"a"}, {"a", "b"}), HasSubstr("    a\n  + b\n"));
  EXPECT_THAT(difference({"a", "b"}, {}), HasSubstr("  - a\n  - b\n"));
}

TEST(conformance_shapes, name_who_is_meant) {
  names known;
  auto one = known.uuid_of("one");
  auto two = known.uuid_of("two");
  EXPECT_EQ(shape_of(R"({"type":"command_lifecycle","command_uuid":")" + two
                       + R"(","state":"queued"})",
                     known),
            "command_lifecycle queued: two");
  EXPECT_EQ(shape_of(R"({"type":"result","subtype":"success","is_error":true,)"
                     R"("user_message_uuids":[")"
                       + one + R"(",")" + two + R"("]})",
                     known),
            "result success for one, two, is_error");
  EXPECT_EQ(shape_of(R"({"type":"control_request","request_id":"a-b-c",)"
                     R"("request":{"subtype":"can_use_tool"}})",
                     known),
            "control_request can_use_tool: ask 1");
  EXPECT_EQ(shape_of(R"({"type":"control_cancel_request",)"
                     R"("request_id":"a-b-c"})",
                     known),
            "control_cancel_request: ask 1");
  EXPECT_EQ(known.id_of_ask("ask 1"), "a-b-c");
  EXPECT_EQ(shape_of("Debugger attached.", known), "no JSON");
}

TEST(conformance_shapes, half_a_pair_is_seen) {
  names known;
  EXPECT_EQ(shape_of(R"({"type":"assistant","message":{"content":)"
                     R"([{"type":"text","text":"\ud83d"}]}})",
                     known),
            "assistant text, half a pair");
  EXPECT_EQ(shape_of(R"({"type":"assistant","message":{"content":)"
                     R"([{"type":"text","text":"\ud83d\ude00"}]}})",
                     known),
            "assistant text");
}

TEST(conformance_shapes, noise_has_a_reason) {
  EXPECT_TRUE(is_noise("system status"));
  EXPECT_FALSE(is_noise("system init in session 1, mode default"));
  for (const auto& n : noises())
    EXPECT_FALSE(n.reason.empty()) << n.kind;
}

} // namespace container_agent::test::conformance
