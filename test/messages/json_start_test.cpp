#include "messages/codec/json_start.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace container_agent::test {

using codec::bracket_count;
using codec::json_start;
using codec::start_of;
using codec::without_mark;

TEST(json_starts, a_brace_begins_an_object) {
  for (auto line : {"{", "{}", " \t{hello", "\xef\xbb\xbf{", "\xef\xbb\xbf {"})
    EXPECT_EQ(start_of(line), json_start::object) << line;
}

TEST(json_starts, what_a_person_would_write_is_text) {
  for (auto line : {"",
                    " \r",
                    "\xef\xbb\xbf",
                    "hello",
                    "a {",
                    "42",
                    "true",
                    "-1",
                    "null",
                    "[TODO] fix this",
                    "[ ] buy milk",
                    "[x] done",
                    "[1] says no",
                    "[2026-11-30 12:00] ERROR",
                    "[12:00:01] it",
                    "[[Page]] is a link",
                    "[true] story",
                    "[] is empty",
                    "[1 apple]",
                    "[a, b]",
                    "[-] x",
                    "\"Foo\" is wrong",
                    "\"Foo\", she said",
                    "\"Foo\": a review",
                    "\"never closed",
                    "\"x\" \\ \t",
                    "\"",
                    "} else {",
                    "}} what",
                    "] x",
                    "'a'",
                    "<json>",
                    "\xef\xbb\xbf\xef\xbb\xbf{"})
    EXPECT_EQ(start_of(line), json_start::text) << line;
}

TEST(json_starts, what_json_is_printed_as_is_none) {
  for (auto line : {"[",
                    " [ ",
                    "[[",
                    "[{",
                    "[ {\"type\":\"user\"}, ",
                    "[\"a\"",
                    "[\"",
                    "[]",
                    "[ ]",
                    "[[]]",
                    "[1]",
                    "[1,",
                    "[1, 2] are",
                    "[1",
                    "[true,",
                    "[null]",
                    "[-1.5e3]",
                    "[[1],[2]]",
                    "\"hello\"",
                    " \"a\\\"b\" ",
                    "\"type\": \"user\",",
                    "\"message\": {",
                    "\"content\": [",
                    "\"n\": 1,",
                    "\"ok\":true",
                    "\"k\":",
                    "\"element\",",
                    "}",
                    "},",
                    "[\n",
                    "[1,\n",
                    "\"a\": [\n",
                    "]",
                    " }]} ",
                    "\xef\xbb\xbf[1]"})
    EXPECT_EQ(start_of(line), json_start::other) << line;
}

TEST(json_starts, a_byte_order_mark_stands_at_the_start_only) {
  EXPECT_EQ(without_mark("\xef\xbb\xbf{"), "{");
  EXPECT_EQ(without_mark("a\xef\xbb\xbf"), "a\xef\xbb\xbf");
  EXPECT_EQ(without_mark("\xef\xbb"), "\xef\xbb");
}

TEST(json_starts, a_flood_of_brackets_does_no_harm) {
  EXPECT_EQ(start_of(std::string(1'000'000, '[')), json_start::other);
  EXPECT_EQ(start_of(std::string(1'000'000, '[') + std::string(1'000'000, ']')),
            json_start::other);
}

TEST(bracket_counts, are_those_outside_of_strings) {
  auto closed = [](std::string_view text) {
    bracket_count brackets;
    brackets.feed(text);
    return brackets.closed();
  };
  for (auto text : {"", "{}", "[{}]", R"({"a":"{["})", R"({"a":"\"{"})", "}",
                    R"({"\\":"\\"})"})
    EXPECT_TRUE(closed(text)) << text;
  for (auto text :
       {"{", "[{}", R"({"a":"}")", R"({"a":"})", R"({"a":"\"})", R"("\)"})
    EXPECT_FALSE(closed(text)) << text;
}

TEST(bracket_counts, are_the_same_for_any_split) {
  constexpr std::string_view text = R"({"a\\\"{":["\\",{"b":"}\\"}]})";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    bracket_count brackets;
    brackets.feed(text.substr(0, at));
    EXPECT_EQ(brackets.closed(), at == 0 || at == text.size()) << at;
    brackets.feed(text.substr(at));
    EXPECT_TRUE(brackets.closed()) << at;
  }
}

} // namespace container_agent::test
