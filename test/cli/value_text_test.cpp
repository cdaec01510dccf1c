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

using words_of = std::initializer_list<const char*>;

template <class Parse>
void expect_refused(Parse parse, words_of texts) {
  for (auto text : texts)
    EXPECT_EQ(parse(text), std::nullopt) << text;
}

} // namespace

TEST(size, is_read_with_its_unit) {
  const std::pair<const char*, std::uint64_t> cases[] = {
    {"0", 0},
    {"4096", 4096},
    {"7B", 7},
    {"64KiB", 64 * 1024},
    {"16MiB", 16 * mib},
    {"1GiB", 1024 * mib},
    {"16m", 16 * mib},
    {"2K", 2048},
    {"2kB", 2000},
    {"3MB", 3'000'000},
    {"1gb", 1'000'000'000},
    {"18446744073709551615", UINT64_MAX},
    {"17179869183GiB", 17179869183U * 1024 * mib},
  };
  for (auto [text, size] : cases)
    EXPECT_EQ(parse_size(text), size) << text;
}

TEST(size, that_is_none_or_does_not_fit_is_refused) {
  expect_refused(parse_size, {"", "MiB", "-1", "+1", "1.5MiB", "1 MiB", " 1",
                              "1TiB", "1MiBB", "0x10", "1e3",
                              "18446744073709551616", "17179869184GiB"});
}

TEST(size, is_spelled_so_that_it_reads_back) {
  EXPECT_EQ(format_size(16 * mib), "16MiB");
  EXPECT_EQ(format_size(64 * 1024), "64KiB");
  EXPECT_EQ(format_size(2048 * mib), "2GiB");
  for (std::uint64_t size : {0ULL, 1ULL, 1000ULL, 1025ULL, 3ULL << 30})
    EXPECT_EQ(parse_size(format_size(size)), size);
}

TEST(duration, is_read_with_its_unit) {
  const std::pair<const char*, std::chrono::milliseconds> cases[] = {
    {"500ms", 500ms},     {"7s", 7s},     {"2m", 2min},     {"1h", 1h},
    {"1.5s", 1500ms},     {"0.25m", 15s}, {"0.001s", 1ms},  {"1.50s", 1500ms},
    {"0", 0ms},           {"0s", 0ms},    {"8784h", 8784h}, // 366 days
    {"1.000000000s", 1s},
  };
  for (auto [text, duration] : cases)
    EXPECT_EQ(parse_duration(text), duration) << text;
}

TEST(duration, that_is_none_or_too_long_is_refused) {
  expect_refused(parse_duration,
                 {"", "s", "7", "-1s", "1 s", "1S", "1.s", ".5s", "1.5",
                  "0.0005s", "1.5ms", "1.0000000001s", "7sec", "1m30s", "1.5.s",
                  "8785h", "8784.5h", "18446744073709551615s"});
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
  expect_refused(parse_count,
                 {"", "-1", "+1", "1.0", "1k", " 1", "18446744073709551616"});
}

TEST(part, is_between_0_and_1) {
  EXPECT_EQ(parse_part("0"), 0.0);
  EXPECT_EQ(parse_part("0.25"), 0.25);
  EXPECT_EQ(parse_part("1"), 1.0);
  expect_refused(parse_part, {"", "-0.1", "1.01", "nan", "inf", "0.5x", " 0"});
}

TEST(permissions, are_octal) {
  EXPECT_EQ(parse_permissions("0660"), 0660U);
  EXPECT_EQ(parse_permissions("600"), 0600U);
  EXPECT_EQ(parse_permissions("0o777"), 0777U);
  expect_refused(parse_permissions,
                 {"", "0680", "1000", "rw", "-0660", "0x1ff"});
}

TEST(switch_value, is_yes_or_no) {
  for (auto text : {"true", "yes", "on", "1", "TRUE", "On"})
    EXPECT_EQ(parse_switch(text), true) << text;
  for (auto text : {"false", "no", "off", "0", "False"})
    EXPECT_EQ(parse_switch(text), false) << text;
  expect_refused(parse_switch, {"", "2", "maybe", "y"});
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
  expect_refused(split_words, {"'a", "\"a", "a\\", "a 'b"});
}

TEST(in_quotes, keeps_a_message_on_one_short_line) {
  EXPECT_EQ(in_quotes("a b"), "\"a b\"");
  EXPECT_EQ(in_quotes("a\nb\x1b"), "\"a\\nb\\x1b\"");
  EXPECT_EQ(in_quotes(std::string(61, '.')),
            '"' + std::string(60, '.') + "…\"");
  EXPECT_EQ(in_quotes(std::string(59, '.') + "ä"),
            '"' + std::string(59, '.') + "…\"");
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
