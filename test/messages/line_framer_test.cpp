#include "messages/codec/line_framer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::codec {

// Lines print readably, and compare whole.
bool operator==(const framed_line& a, const framed_line& b) {
  return a.what == b.what && a.text == b.text && a.size == b.size;
}

void PrintTo(const framed_line& line, std::ostream* out) {
  constexpr const char* names[] = {"complete", "cut", "too_long"};
  *out << names[static_cast<int>(line.what)] << " '" << line.text << "' "
       << line.size;
}

} // namespace container_agent::codec

namespace container_agent::test {

namespace {

using codec::framed_line;
using codec::line_framer;
using lines = std::vector<framed_line>;

framed_line complete(std::string text) {
  auto size = text.size();
  return {framed_line::kind::complete, std::move(text), size};
}

framed_line cut(std::string text) {
  auto size = text.size();
  return {framed_line::kind::cut, std::move(text), size};
}

framed_line too_long(std::string head, std::uint64_t size = 0) {
  auto length = size == 0 ? head.size() : size;
  return {framed_line::kind::too_long, std::move(head), length};
}

void take_all(line_framer& framer, lines& into) {
  while (auto line = framer.next())
    into.push_back(std::move(*line));
}

/// The lines of a stream that comes in these pieces and then ends.
lines frame(std::size_t max_line, const std::vector<std::string>& pieces) {
  line_framer framer{max_line};
  lines result;
  for (const auto& piece : pieces) {
    framer.feed(piece);
    take_all(framer, result);
  }
  if (auto rest = framer.end())
    result.push_back(std::move(*rest));
  EXPECT_FALSE(framer.holds_part());
  return result;
}

} // namespace

TEST(line_framer, cuts_at_line_feeds) {
  EXPECT_EQ(frame(10, {"a\nbc\n"}), (lines{complete("a"), complete("bc")}));
}

TEST(line_framer, takes_a_cr_before_the_line_feed_off_but_only_one) {
  EXPECT_EQ(frame(10, {"a\r\nb\r\r\nc\rd\n"}),
            (lines{complete("a"), complete("b\r"), complete("c\rd")}));
}

TEST(line_framer, gives_empty_lines_too) {
  EXPECT_EQ(frame(10, {"\n\r\n\n"}),
            (lines{complete(""), complete(""), complete("")}));
}

TEST(line_framer, keeps_nul_and_bytes_that_are_no_utf8) {
  std::string odd{"\0\xff\x80", 3};
  EXPECT_EQ(frame(10, {odd + "\n"}), (lines{complete(odd)}));
}

TEST(line_framer, the_end_cuts_a_half_line_and_only_that) {
  EXPECT_EQ(frame(10, {"a\nhalf"}), (lines{complete("a"), cut("half")}));
  EXPECT_EQ(frame(10, {"a\n"}), (lines{complete("a")}));
  EXPECT_EQ(frame(10, {}), lines{});
}

TEST(line_framer, goes_on_after_an_end) {
  line_framer framer{10};
  framer.feed("half");
  EXPECT_EQ(framer.next(), std::nullopt);
  EXPECT_EQ(framer.end(), cut("half"));
  EXPECT_EQ(framer.end(), std::nullopt);
  framer.feed("next\n");
  EXPECT_EQ(framer.next(), complete("next"));
}

TEST(line_framer, limit_below_at_and_above) {
  EXPECT_EQ(frame(4, {"123\n"}), lines{complete("123")});
  EXPECT_EQ(frame(4, {"1234\n"}), lines{complete("1234")});
  EXPECT_EQ(frame(4, {"12345\n"}), lines{too_long("12345")});
}

TEST(line_framer, the_limit_does_not_count_the_line_ending) {
  EXPECT_EQ(frame(4, {"1234\r\n"}), lines{complete("1234")});
  EXPECT_EQ(frame(4, {"12345\r\n"}), lines{too_long("12345")});
  EXPECT_EQ(frame(4, {"1234\r", "\n"}), lines{complete("1234")});
}

TEST(line_framer, a_cut_line_over_the_limit_is_too_long) {
  EXPECT_EQ(frame(4, {"1234"}), lines{cut("1234")});
  EXPECT_EQ(frame(4, {"12345"}), lines{too_long("12345")});
  EXPECT_EQ(frame(4, {"123456789"}), lines{too_long("123456789")});
}

TEST(line_framer, the_line_after_one_too_long_is_read_normally) {
  EXPECT_EQ(frame(4, {"123456", "789", "0\nab\ncd\n"}),
            (lines{too_long("1234567890"), complete("ab"), complete("cd")}));
}

TEST(line_framer, the_end_of_one_too_long_leaves_the_next_alone) {
  line_framer framer{4};
  framer.feed("1234567");
  EXPECT_EQ(framer.next(), std::nullopt);
  EXPECT_EQ(framer.end(), too_long("1234567"));
  framer.feed("ab\n");
  EXPECT_EQ(framer.next(), complete("ab"));
}

TEST(line_framer, a_line_too_long_costs_no_memory_while_it_streams_by) {
  line_framer framer{1000};
  std::string piece(600, 'x');
  for (int i = 0; i < 10'000; ++i) {
    framer.feed(piece);
    ASSERT_EQ(framer.next(), std::nullopt);
    ASSERT_LE(framer.held(), 1600u);
  }
  EXPECT_TRUE(framer.holds_part());
  framer.feed("\n");
  EXPECT_EQ(framer.next(),
            too_long(std::string(framed_line::max_head, 'x'), 6'000'000));
}

TEST(line_framer, says_whether_a_line_has_begun) {
  line_framer framer{4};
  EXPECT_FALSE(framer.holds_part());
  framer.feed("a\nb");
  EXPECT_TRUE(framer.holds_part());
  EXPECT_EQ(framer.next(), complete("a"));
  EXPECT_EQ(framer.next(), std::nullopt);
  EXPECT_TRUE(framer.holds_part());
  EXPECT_EQ(framer.held(), 1u);
  framer.feed("\n");
  EXPECT_EQ(framer.next(), complete("b"));
  EXPECT_FALSE(framer.holds_part());
}

// Wherever the kernel cuts the stream, the lines are the same.
TEST(line_framer, a_split_anywhere_changes_nothing) {
  const std::string stream
    = "one\r\n\ntoo long for "
      "it\r\n1234567\n12345678\r\r\ntw\ro\n\xc3\xa9\nhalf";
  auto whole = frame(8, {stream});
  ASSERT_EQ(whole.size(), 8u);
  EXPECT_EQ(whole[2], too_long("too long for it"));
  for (std::size_t a = 0; a <= stream.size(); ++a)
    for (std::size_t b = a; b <= stream.size(); ++b)
      ASSERT_EQ(frame(8, {stream.substr(0, a), stream.substr(a, b - a),
                          stream.substr(b)}),
                whole)
        << "split at " << a << " and " << b;
}

TEST(line_framer, byte_by_byte_changes_nothing) {
  const std::string stream = "one\r\ntoo long for it\r\ntwo\n";
  std::vector<std::string> single;
  for (char c : stream)
    single.emplace_back(1, c);
  EXPECT_EQ(frame(8, single), frame(8, {stream}));
}

} // namespace container_agent::test
