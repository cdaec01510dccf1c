#include "main/trace/read/line_parser.hpp"
#include "main/trace/tools/follow_text.hpp"
#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using testing::HasSubstr;

constexpr std::int64_t epoch_us = 1764030000123456;

/// A line, read and shown.
std::string shown(const std::string& line, bool coloured = false) {
  trace::line_parser parser;
  EXPECT_EQ(parser.read(std::string_view{line}.substr(0, line.size() - 1)), "");
  return trace::follow_text(parser.event(), epoch_us, coloured);
}

} // namespace

TEST(follow_text, tells_a_messages_way_and_times) {
  EXPECT_EQ(shown(message_line()),
            "00:20:00.123457  pipe_input → conversation  host_line  text=187"
            "  waited 2.00 µs, ran 4.00 µs\n");
}

TEST(follow_text, tells_what_went_wrong) {
  EXPECT_THAT(shown(message_line({{"outcome", "failed"}})),
              HasSubstr("  failed\n"));
  EXPECT_THAT(shown(trace_line({{"kind", "dropped"}, {"at", 1}, {"count", 7}},
                               nlohmann::ordered_json::object())),
              HasSubstr("7 events are missing"));
}

TEST(follow_text, keeps_control_characters_from_the_terminal) {
  auto text = shown(message_line({{"payload", "\x1b[31mred"}}));
  EXPECT_THAT(text, HasSubstr(R"(  \x1b[31mred  )"));
  text = shown(message_line({{"payload", "\u009b31mred"}}));
  EXPECT_THAT(text, HasSubstr(R"(  \x9b31mred  )"));
}

TEST(follow_text, is_coloured_if_wanted) {
  EXPECT_THAT(shown(message_line(), true), HasSubstr("\x1b[1mhost_line"));
}

} // namespace container_agent::test
