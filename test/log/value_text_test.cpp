#include "main/log/value_text.hpp"

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

TEST(size, is_read_with_its_unit) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("64KiB"), 64U * 1024);
  EXPECT_EQ(parse_size("16MiB"), 16 * mib);
  EXPECT_EQ(parse_size("1GiB"), 1024 * mib);
  EXPECT_EQ(parse_size("16m"), 16 * mib);
  EXPECT_EQ(parse_size("2K"), 2048U);
  EXPECT_EQ(parse_size("2kB"), 2000U);
  EXPECT_EQ(parse_size("3MB"), 3'000'000U);
  EXPECT_EQ(parse_size("1gb"), 1'000'000'000U);
}

TEST(size, that_is_none_is_refused) {
  for (auto text : {"", "MiB", "-1", "+1", "1.5MiB", "1 MiB", " 1", "1TiB",
                    "1MiBB", "0x10", "1e3"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(size, that_does_not_fit_is_refused) {
  EXPECT_EQ(parse_size("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_size("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_size("17179869183GiB"), 17179869183U * 1024 * mib);
  EXPECT_EQ(parse_size("17179869184GiB"), std::nullopt);
}

TEST(size, is_spelled_so_that_it_reads_back) {
  EXPECT_EQ(format_size(16 * mib), "16MiB");
  EXPECT_EQ(format_size(64 * 1024), "64KiB");
  EXPECT_EQ(format_size(2048 * mib), "2GiB");
  for (std::uint64_t size : {0ULL, 1ULL, 1000ULL, 1025ULL, 3ULL << 30})
    EXPECT_EQ(parse_size(format_size(size)), size);
}

TEST(duration, is_read_with_its_unit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("7s"), 7s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.25m"), 15s);
  EXPECT_EQ(parse_duration("0.001s"), 1ms);
  EXPECT_EQ(parse_duration("1.50s"), 1500ms);
  EXPECT_EQ(parse_duration("0"), 0ms);
  EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(duration, that_is_none_is_refused) {
  for (auto text : {"", "s", "7", "-1s", "1 s", "1S", "1.s", ".5s", "1.5",
                    "0.0005s", "1.5ms", "1.0000000001s", "7sec", "1m30s"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(duration, has_a_longest_one) {
  EXPECT_EQ(parse_duration("8784h"), 8784h); // 366 days
  EXPECT_EQ(parse_duration("8785h"), std::nullopt);
  EXPECT_EQ(parse_duration("8784.5h"), std::nullopt);
  EXPECT_EQ(parse_duration("18446744073709551615s"), std::nullopt);
}

TEST(duration, is_spelled_so_that_it_reads_back) {
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

TEST(permissions, are_octal) {
  EXPECT_EQ(parse_permissions("0660"), 0660U);
  EXPECT_EQ(parse_permissions("600"), 0600U);
  EXPECT_EQ(parse_permissions("0o777"), 0777U);
  for (auto text : {"", "0680", "1000", "rw", "-0660", "0x1ff"})
    EXPECT_EQ(parse_permissions(text), std::nullopt) << text;
}

TEST(switch_value, is_yes_or_no) {
  for (auto text : {"true", "yes", "on", "1", "TRUE", "On"})
    EXPECT_EQ(parse_switch(text), true) << text;
  for (auto text : {"false", "no", "off", "0", "False"})
    EXPECT_EQ(parse_switch(text), false) << text;
  for (auto text : {"", "2", "maybe", "y"})
    EXPECT_EQ(parse_switch(text), std::nullopt) << text;
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
  EXPECT_EQ(in_quotes("a\nb\x1b"), "\"a\\x0ab\\x1b\"");
  EXPECT_EQ(in_quotes(std::string(61, '.')),
            '"' + std::string(60, '.') + "…\"");
  EXPECT_EQ(in_quotes("TOKEN=abc"), "\"TOKEN=[redacted]\"");
}

} // namespace container_agent::test
