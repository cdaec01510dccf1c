#include "main/log/log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace container_agent::test {

namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point noon{1769860800'123ms};

json parsed(std::vector<log_field> fields) {
  auto line = json_line({noon, log_level::info, "main", "happened", fields});
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return json::parse(line);
}

std::string shown(const std::string& value) {
  return parsed({{"x", value}})["x"];
}

std::string text(std::vector<log_field> fields) {
  return text_line({noon, log_level::info, "main", "happened", fields}, false);
}

} // namespace

TEST(json_record, has_each_type) {
  using std::numeric_limits;
  const std::pair<log_field, json> cases[] = {
    {{"x", "text"}, "text"},
    {{"x", numeric_limits<std::int64_t>::min()},
     numeric_limits<std::int64_t>::min()},
    {{"x", numeric_limits<std::uint64_t>::max()},
     numeric_limits<std::uint64_t>::max()},
    {{"x", 0.1}, 0.1},
    {{"x", 3.0}, 3.0},
    {{"x", std::nan("")}, nullptr},
    {{"x", numeric_limits<double>::infinity()}, nullptr},
    {{"x", true}, true},
    {{"x", false}, false},
  };
  for (const auto& [field, value] : cases)
    EXPECT_EQ(parsed({field})["x"], value);
}

TEST(json_record, escapes_whatever_comes) {
  std::string all;
  for (int c = 0; c < 128; ++c)
    all += static_cast<char>(c);
  std::string good = "ä€\U0001F600\u2028";
  for (const auto& value : {all, good})
    EXPECT_EQ(shown(value), value);
  EXPECT_EQ(parsed({{"a\"b\n", "x"}})["a\"b\n"], "x");
}

TEST(json_record, replaces_bytes_that_are_no_utf8) {
  const std::string bad = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> cases[] = {
    {"a\xff z", "a" + bad + " z"},
    {"\x80", bad},
    {"\xc3", bad},                               // cut short
    {"\xc3(", bad + "("},                        // not continued
    {"\xc0\xaf", bad + bad},                     // overlong
    {"\xe0\x80\xaf", bad + bad + bad},           // overlong
    {"\xed\xa0\x80", bad + bad + bad},           // a surrogate
    {"\xf4\x90\x80\x80", bad + bad + bad + bad}, // beyond U+10FFFF
    {"\xf0\x9f\x98", bad + bad + bad},           // cut short
  };
  for (const auto& [bytes, result] : cases)
    EXPECT_EQ(shown(bytes), result);
}

TEST(json_record, is_valid_for_every_pair_of_bytes) {
  for (int a = 0; a < 256; ++a) {
    std::string pairs;
    for (int b = 0; b < 256; ++b)
      ((pairs += static_cast<char>(a)) += static_cast<char>(b)) += '.';
    EXPECT_GE(shown(pairs).size(), pairs.size());
  }
}

TEST(json_record, keeps_its_own_members) {
  auto record = parsed(
    {{"level", "x"}, {"event", "y"}, {"timestamp", "z"}, {"logger", "w"}});
  EXPECT_EQ(record["level"], "info");
  EXPECT_EQ(record["event"], "happened");
  for (auto [name, value] : {std::pair{"level_", "x"},
                             {"event_", "y"},
                             {"timestamp_", "z"},
                             {"logger_", "w"}})
    EXPECT_EQ(record[name], value);
}

TEST(records, hide_secrets_in_values_and_by_name) {
  std::vector<log_field> fields{{"line", "got sk-ant-api03-planted now"},
                                {"api_key", "planted"},
                                {"Authorization", "planted"},
                                {"password", ""},
                                {"tokens", 17}};
  auto record = parsed(fields);
  EXPECT_EQ(record["line"], "got [redacted] now");
  EXPECT_EQ(record["api_key"], "[redacted]");
  EXPECT_EQ(record["Authorization"], "[redacted]");
  EXPECT_EQ(record["password"], "");
  EXPECT_EQ(record["tokens"], 17);
  EXPECT_THAT(text(fields),
              EndsWith("happened            line=\"got [redacted] now\" "
                       "api_key=[redacted] Authorization=[redacted] "
                       "password=\"\" tokens=17\n"));
}

TEST(records, cut_long_values) {
  const std::string longest(max_log_value, 'a');
  EXPECT_EQ(shown(longest), longest);
  EXPECT_EQ(shown(longest + 'a'), longest + "… [8193 bytes in all]");
  std::string umlauts = ".";
  for (std::size_t i = 0; i < max_log_value; ++i)
    umlauts += "ä";
  EXPECT_THAT(shown(umlauts), Not(HasSubstr("\xef\xbf\xbd")))
    << "not within a character";
}

TEST(records, know_a_secret_at_the_cut) {
  std::string value(max_log_value - 10, '.');
  EXPECT_THAT(shown(value + " sk-ant-" + std::string(100, 'x')),
              Not(HasSubstr("sk-ant")));
}

TEST(text_record, has_columns_that_long_names_widen) {
  EXPECT_EQ(text({{"pid", 7}}),
            "2026-01-31 12:00:00.123Z info  main                 "
            "happened            pid=7\n");
  EXPECT_EQ(text({}), "2026-01-31 12:00:00.123Z info  main                 "
                      "happened\n");
  EXPECT_EQ(text_line({noon,
                       log_level::error,
                       "an_actor_with_a_long_name",
                       "an_event_with_a_long_name",
                       {{"a", 1}}},
                      false),
            "2026-01-31 12:00:00.123Z error an_actor_with_a_long_name "
            "an_event_with_a_long_name a=1\n");
}

TEST(text_record, is_coloured_on_demand) {
  for (auto [level, coloured] :
       {std::pair{log_level::trace, "\x1b[2mtrace\x1b[0m x"},
        {log_level::debug, "\x1b[2mdebug\x1b[0m x"},
        {log_level::info, "\x1b[32minfo\x1b[0m  x"},
        {log_level::warn, "\x1b[33mwarn\x1b[0m  x"},
        {log_level::error, "\x1b[31merror\x1b[0m x"}}) {
    EXPECT_THAT(text_line({noon, level, "x", "y", {}}, true),
                HasSubstr(coloured));
    EXPECT_THAT(text_line({noon, level, "x", "y", {}}, false),
                Not(HasSubstr("\x1b")));
  }
}

// Nor can any of it move a terminal's cursor.
TEST(text_record, quotes_what_could_be_misread) {
  const std::pair<std::string, std::string> cases[] = {
    {"a/b:c", "a/b:c"},
    {"", R"("")"},
    {"a b", R"("a b")"},
    {"a\"b\\", R"("a\"b\\")"},
    {"a=b", R"("a=b")"},
    {"ä", R"("ä")"},
    {"\x1b[2J\r\n\t\x7f\xc2\x9b\xff",
     "\"\\x1b[2J\\x0d\\n\\t\\x7f\\x9b\xef\xbf\xbd\""},
  };
  for (const auto& [value, spelled] : cases)
    EXPECT_THAT(text({{"x", value}}), EndsWith(" x=" + spelled + '\n'));
  EXPECT_THAT(text({{"yes", true}, {"real", 0.5}}),
              EndsWith(" yes=true real=0.5\n"));
}

} // namespace container_agent::test
