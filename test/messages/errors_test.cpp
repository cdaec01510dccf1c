#include "messages/errors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace container_agent::test {

TEST(agent_error, every_code_has_a_name_of_its_own) {
  std::set<std::string> names;
  auto last = static_cast<int>(agent_error::refused);
  for (int code = 0; code <= last; ++code)
    names.insert(to_string(static_cast<agent_error>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(static_cast<agent_error>(last + 1)), "unknown");
}

TEST(exit_code, every_code_has_a_name_of_its_own) {
  std::set<std::string> names;
  auto last = static_cast<int>(exit_code::already_running);
  for (int code = 0; code <= last; ++code)
    names.insert(to_string(static_cast<exit_code>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(static_cast<exit_code>(last + 1)), "unknown");
}

TEST(exit_code, numbers_are_those_that_the_manual_gives) {
  EXPECT_EQ(static_cast<int>(exit_code::graceful), 0);
  EXPECT_EQ(static_cast<int>(exit_code::internal_error), 1);
  EXPECT_EQ(static_cast<int>(exit_code::bad_usage), 2);
  EXPECT_EQ(static_cast<int>(exit_code::bad_pipe), 3);
  EXPECT_EQ(static_cast<int>(exit_code::claude_not_found), 4);
  EXPECT_EQ(static_cast<int>(exit_code::gave_up_on_claude), 5);
  EXPECT_EQ(static_cast<int>(exit_code::gave_up_on_actor), 6);
}

TEST(describe, an_error_of_ours_has_name_and_text) {
  auto error = make_error(agent_error::launch_failed, "cannot run claude");
  EXPECT_EQ(error.category(), agent_error_category);
  EXPECT_EQ(describe(error), "launch_failed: cannot run claude");
}

TEST(describe, no_error_is_none) {
  EXPECT_EQ(describe(caf::error{}), "none");
}

TEST(describe, an_error_of_the_actor_system_has_its_name) {
  EXPECT_EQ(describe(caf::make_error(caf::sec::request_timeout)),
            "request_timeout");
  EXPECT_EQ(describe(caf::make_error(caf::sec::runtime_error,
                                     std::string{"vector::at"})),
            "runtime_error: vector::at");
}

TEST(describe, a_context_that_is_no_text_is_rendered) {
  auto text = describe(caf::make_error(caf::sec::runtime_error, 42));
  EXPECT_EQ(text.substr(0, 15), "runtime_error: ");
  EXPECT_NE(text.find("42"), std::string::npos);
}

TEST(describe, an_exit_reason_has_its_name) {
  EXPECT_EQ(describe(caf::error{caf::exit_reason::kill}), "kill");
  EXPECT_EQ(describe(caf::error{caf::exit_reason::user_shutdown}),
            "user_shutdown");
}

TEST(describe, a_stranger_is_told_by_number_and_category) {
  EXPECT_EQ(describe(caf::error{7, caf::atom("other")}), "error 7 of other");
}

} // namespace container_agent::test
