#include "messages/visible_text.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

std::string made_visible(std::string_view text, std::string_view quoted = {}) {
  std::string out;
  append_visible(out, text, quoted);
  return out;
}

} // namespace

TEST(visible_texts, keep_what_can_be_read) {
  EXPECT_EQ(made_visible("a \"b\" \\ ü → 😀 \u00a0"), "a \"b\" \\ ü → 😀 \u00a0");
  EXPECT_EQ(made_visible(""), "");
}

TEST(visible_texts, escape_all_controls) {
  using namespace std::string_view_literals;
  EXPECT_EQ(made_visible("\n\t\r\x1b[1m\x7f"), R"(\n\t\x0d\x1b[1m\x7f)");
  EXPECT_EQ(made_visible("\0"sv), R"(\x00)");
  EXPECT_EQ(made_visible("\u0080\u009b31m\u009f"), R"(\x80\x9b31m\x9f)");
}

TEST(visible_texts, have_no_bytes_that_are_no_utf_8) {
  EXPECT_EQ(made_visible("a\xff"
                         "b\xc2"),
            "a\ufffdb\ufffd");
  EXPECT_EQ(made_visible("\x9b"), "\ufffd");
}

TEST(visible_texts, are_strings_of_json) {
  std::string out;
  append_json_text(out, "a\"\\\n\x01\u009b\xff");
  EXPECT_EQ(out, R"("a\"\\\n\u0001\u009b)"
                 "\ufffd\"");
}

TEST(visible_texts, are_shortened_at_a_character) {
  EXPECT_EQ(first_bytes("abc", 3), "abc");
  EXPECT_EQ(first_bytes("abc", 2), "ab");
  EXPECT_EQ(first_bytes("", 2), "");
  const std::string_view wide{"a\xf0\x9f\x98\x80z"};
  for (std::size_t max = 1; max < 5; ++max)
    EXPECT_EQ(first_bytes(wide, max), "a") << max;
  EXPECT_EQ(first_bytes(wide, 5), "a\xf0\x9f\x98\x80");
  EXPECT_EQ(first_bytes("a\x80\x80\x80\x80", 3), "a\x80\x80")
    << "bytes that are no character are cut anywhere";
  EXPECT_EQ(first_bytes("\x80\x80", 1), "\x80");
}

TEST(visible_texts, are_not_in_a_blank_line) {
  EXPECT_TRUE(is_blank_line(" \t\r"));
  EXPECT_TRUE(is_blank_line(""));
  EXPECT_FALSE(is_blank_line(" x"));
}

TEST(visible_texts, quote_what_they_are_told_to) {
  EXPECT_EQ(made_visible(R"(a"b\c)", R"("\)"), R"(a\"b\\c)");
}

} // namespace container_agent::test
