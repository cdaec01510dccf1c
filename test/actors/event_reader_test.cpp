#include "actors/session/event_reader.hpp"

#include "test/support/memory_log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace container_agent::test {

namespace {

constexpr auto one_of_claudes = R"({"type":"system","subtype":"init"})";

} // namespace

class event_reader_test : public testing::Test {
public:
  memory_log log;
  event_reader reader{log, true, {}};

  /// The texts of the lines that it hands over, one after the other.
  std::string read(bool child_known = true) {
    std::string result;
    reader.rewind();
    reader.read(child_known,
                [&result](const claude_line& l) { result += l.text() + '\n'; });
    return result;
  }
};

TEST_F(event_reader_test, hands_a_line_over_again_if_its_handler_throws) {
  log.put(std::string{one_of_claudes} + '\n' + one_of_claudes + "\n{");
  reader.rewind();
  EXPECT_THROW(
    reader.read(true,
                [](const claude_line&) { throw std::runtime_error{"once"}; }),
    std::runtime_error);
  EXPECT_EQ(read(), std::string{one_of_claudes} + '\n' + one_of_claudes + '\n');
  EXPECT_FALSE(reader.at_line_end());
  EXPECT_EQ(read(), "");
}

TEST_F(event_reader_test, leaves_a_line_of_a_child_unread_that_is_not_known) {
  log.put(R"({"type":"container_agent","subtype":"stopping"})"
          "\n");
  log.put(std::string{one_of_claudes} + '\n');
  EXPECT_EQ(read(false), "");
  EXPECT_EQ(reader.read_to(),
            log.end() - std::string{one_of_claudes}.size() - 1);
  EXPECT_EQ(reader.heard(), 0U);
  EXPECT_EQ(read(), std::string{one_of_claudes} + '\n');
}

TEST_F(event_reader_test, knows_lines_that_are_written_in_claudes_name) {
  auto own = std::string{one_of_claudes} + '\n';
  reader.expect_own(own);
  log.put(own + own);
  EXPECT_EQ(read(), own) << "the second one is Claude's";
}

TEST_F(event_reader_test, needs_as_much_more_as_the_host_was_not_shown) {
  log.put(std::string{one_of_claudes} + '\n');
  reader.rewind();
  reader.read(true, [this](const claude_line&) { reader.leave_out(); });
  ASSERT_EQ(reader.left_out().size(), 1U);
  auto end = log.end();
  EXPECT_EQ(reader.needed_from(end), 0U);
  EXPECT_EQ(reader.needed_from(end + 100), 100U);
  auto later = end + event_reader::max_repeated;
  EXPECT_EQ(reader.needed_from(later), later) << "nobody comes to it any more";
  EXPECT_TRUE(reader.left_out().empty());
}

} // namespace container_agent::test
