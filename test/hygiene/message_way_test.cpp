#include "test/hygiene/message_way.hpp"

#include <gmock/gmock.h>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

source_file architecture() {
  auto files = project_files({"docs/architecture.md"}, {".md"});
  return files.empty() ? source_file{} : files.front();
}

/// A way with this as its last step.
source_file way_with(const std::string& step) {
  std::string text = "# A\n\n1. no step\n\n"
                     "## One message's way, in six files\n\n";
  for (auto number = 1; number < 6; ++number)
    text += std::to_string(number) + ". `messages/errors.cpp`: a step\n";
  return {"a.md", text + "6. " + step + "\n\n## Next\n\n1. no step\n"};
}

} // namespace

TEST(message_way, leads_along_what_is_there) {
  EXPECT_THAT(way_complaints(architecture()), IsEmpty());
}

TEST(message_way, names_what_is_there_or_is_no_name) {
  EXPECT_THAT(way_complaints(way_with(
                "`messages/errors.cpp`: `to_string(agent_error)` of\n"
                "   `input_grew`, `exit_code`, `input.log` and `Hello!`")),
              IsEmpty());
}

TEST(message_way, refuses_a_wrong_name) {
  EXPECT_THAT(way_complaints(way_with("`messages/errors.cpp`: `to_strong(x)`")),
              ElementsAre(HasSubstr("`to_strong(x)` is not in messages/err")));
  EXPECT_THAT(
    way_complaints(way_with("`messages/errors.cpp` sends\n   `input_shrank`")),
    ElementsAre(HasSubstr("`input_shrank`")));
  // A message is no function.
  EXPECT_THAT(
    way_complaints(way_with("`messages/errors.cpp`: `input_grew(x)`")),
    SizeIs(1));
  auto text = architecture();
  auto at = text.text.find("`relay`");
  ASSERT_NE(at, std::string::npos);
  text.text.insert(at + 1, "un");
  EXPECT_THAT(way_complaints(text), ElementsAre(HasSubstr("unrelay")));
}

TEST(message_way, refuses_a_wrong_file) {
  EXPECT_THAT(way_complaints(way_with("`messages/nothing.cpp`: a step")),
              ElementsAre(HasSubstr("messages/nothing.cpp does not exist")));
  EXPECT_THAT(way_complaints(way_with("A step without a file")),
              ElementsAre(HasSubstr("begins with no file")));
}

TEST(message_way, has_six_steps) {
  EXPECT_THAT(way_complaints({"a.md", "# A\n"}),
              ElementsAre(HasSubstr("0 steps, not six")));
}

TEST(decisions, say_when_and_what_they_are_worth) {
  auto decisions = project_files({"docs/decisions"}, {".md"});
  EXPECT_THAT(decisions, Not(IsEmpty()));
  EXPECT_THAT(complaints_about(decisions, decision_complaints), IsEmpty());
}

TEST(decisions, that_do_not_say_it_are_refused) {
  EXPECT_THAT(decision_complaints({"1.md", "# 1. A\n\n**Context.** So.\n"}),
              ElementsAre(HasSubstr("its third line")));
  EXPECT_THAT(decision_complaints({"1.md", "# 1. A\n"}), SizeIs(1));
  EXPECT_THAT(
    decision_complaints(
      {"1.md", "# 1. A\n\n**Date.** 2026-11-23. **Status.** Superseded.\n"}),
    ElementsAre(HasSubstr("neither accepted nor superseded by another")));
}

} // namespace container_agent::test
