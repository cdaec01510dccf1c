#include "main/cli/value_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr std::uint64_t mib = 1024 * 1024;

} // namespace

TEST(size, is_spelled_in_its_largest_unit) {
  EXPECT_EQ(format_size(16 * mib), "16MiB");
  EXPECT_EQ(format_size(64 * 1024), "64KiB");
  EXPECT_EQ(format_size(2048 * mib), "2GiB");
  EXPECT_EQ(format_size(1025), "1025");
  EXPECT_EQ(format_size(0), "0");
}

TEST(duration, is_spelled_in_its_largest_unit) {
  EXPECT_EQ(format_duration(7s), "7s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(24h), "24h");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0");
}

TEST(count, is_a_whole_number) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  for (auto text : {"", "-1", "+1", "1.0", "1k", " 1", "18446744073709551616"})
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
}

TEST(words, are_split_as_a_shell_does) {
  EXPECT_THAT(split_words("  a  b\tc\n"), Optional(ElementsAre("a", "b", "c")));
  EXPECT_THAT(split_words("'a b' \"c d\" e\\ f"),
              Optional(ElementsAre("a b", "c d", "e f")));
  EXPECT_THAT(split_words("x='a b'c \"\" ''"),
              Optional(ElementsAre("x=a bc", "", "")));
  EXPECT_THAT(split_words(R"("a\"b\\c\d" 'e\f')"),
              Optional(ElementsAre(R"(a"b\c\d)", R"(e\f)")));
  EXPECT_THAT(split_words(""), Optional(IsEmpty()));
}

TEST(words, with_an_open_quote_are_refused) {
  for (auto text : {"'a", "\"a", "a\\", "a 'b"})
    EXPECT_EQ(split_words(text), std::nullopt) << text;
}

TEST(in_quotes, keeps_a_message_on_one_short_line) {
  EXPECT_EQ(in_quotes("a b"), "\"a b\"");
  EXPECT_EQ(in_quotes("a\nb\x1b"), "\"a\\nb\\x1b\"");
  EXPECT_EQ(in_quotes(std::string(61, '.')),
            '"' + std::string(60, '.') + "…\"");
  EXPECT_EQ(in_quotes("TOKEN=abc"), "\"TOKEN=[redacted]\"");
}

TEST(claudes_arguments, show_no_secrets_and_no_texts) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
    {{}, ""},
    {{"--model", "opus", "--api-key", "abc", "-p"},
     "--model opus --api-key [redacted] -p"},
    {{"--token=abc", "x"}, "--token=[redacted] x"},
    {{"--token", "--model", "x"}, "--token --model x"},
    {{"--header", "Authorization: Bearer abc"},
     "--header Authorization: Bearer [redacted]"},
    {{"--append-system-prompt", "be nice"}, "--append-system-prompt [7 bytes]"},
    {{"--mcp-config={}", "x"}, "--mcp-config=[2 bytes] x"},
    {{std::string(200, 'x')}, std::string(200, 'x')},
    {{std::string(201, 'x')}, "[201 bytes]"},
  };
  for (const auto& [arguments, line] : cases)
    EXPECT_EQ(redact_arguments(arguments), line);
}

} // namespace container_agent::test
