#include "main/log/log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace container_agent::test {

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point noon{1769860800'123ms};

json parsed(std::initializer_list<log_field> fields) {
  auto line
    = json_line({noon, "info", "main"}, json_members("happened", fields));
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return json::parse(line);
}

std::string text(std::initializer_list<log_field> fields) {
  return text_members("happened", fields);
}

} // namespace

TEST(json_record, has_its_members_in_order) {
  EXPECT_EQ(json_line({noon, "warn", "pipe_input"},
                      json_members("line_refused",
                                   {{"reason", "too_long"}, {"size", 17}})),
            R"({"timestamp":"2026-01-31T12:00:00.123Z","level":"warn",)"
            R"("logger":"pipe_input","event":"line_refused",)"
            R"("reason":"too_long","size":17})"
            "\n");
}

TEST(json_record, has_each_type) {
  auto record = parsed({{"text", "x"},
                        {"small", std::numeric_limits<std::int64_t>::min()},
                        {"large", std::numeric_limits<std::uint64_t>::max()},
                        {"real", 0.1},
                        {"round", 3.0},
                        {"no_number", std::nan("")},
                        {"infinite", std::numeric_limits<double>::infinity()},
                        {"yes", true},
                        {"no", false}});
  EXPECT_EQ(record["text"], "x");
  EXPECT_EQ(record["small"], std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(record["large"], std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(record["real"], 0.1);
  EXPECT_EQ(record["round"], 3.0);
  EXPECT_TRUE(record["no_number"].is_null());
  EXPECT_TRUE(record["infinite"].is_null());
  EXPECT_EQ(record["yes"], true);
  EXPECT_EQ(record["no"], false);
}

TEST(json_record, escapes_whatever_comes) {
  std::string all;
  for (int c = 0; c < 128; ++c)
    all += static_cast<char>(c);
  EXPECT_EQ(parsed({{"x", all}})["x"], all);
  std::string good = "ä€\U0001F600\u2028";
  EXPECT_EQ(parsed({{"x", good}})["x"], good);
  EXPECT_EQ(parsed({{"a\"b\n", "x"}})["a\"b\n"], "x");
}

TEST(json_record, replaces_bytes_that_are_no_utf8) {
  const std::string bad = "\xef\xbf\xbd";
  struct {
    std::string text;
    std::string shown;
  } const cases[] = {
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
  for (const auto& x : cases)
    EXPECT_EQ(parsed({{"x", x.text}})["x"], x.shown);
}

TEST(json_record, is_valid_for_every_pair_of_bytes) {
  for (int a = 0; a < 256; ++a) {
    std::string pairs;
    for (int b = 0; b < 256; ++b)
      ((pairs += static_cast<char>(a)) += static_cast<char>(b)) += '.';
    EXPECT_TRUE(parsed({{"x", pairs}})["x"].is_string());
  }
}

TEST(json_record, keeps_its_own_members) {
  auto record = parsed({{"level", "x"}, {"event", "y"}, {"timestamp", "z"}});
  EXPECT_EQ(record["level"], "info");
  EXPECT_EQ(record["event"], "happened");
  EXPECT_EQ(record["level_"], "x");
  EXPECT_EQ(record["event_"], "y");
}

TEST(records, hide_secrets_in_values_and_by_name) {
  auto record = parsed({{"line", "got sk-ant-api03-planted now"},
                        {"api_key", "planted"},
                        {"Authorization", "planted"},
                        {"password", ""},
                        {"tokens", 17}});
  EXPECT_EQ(record["line"], "got [redacted] now");
  EXPECT_EQ(record["api_key"], "[redacted]");
  EXPECT_EQ(record["Authorization"], "[redacted]");
  EXPECT_EQ(record["password"], "");
  EXPECT_EQ(record["tokens"], 17);
  EXPECT_EQ(text({{"line", "Bearer planted"}, {"token", "planted"}}),
            "happened            line=\"Bearer [redacted]\" token=[redacted]");
}

TEST(records, cut_long_values) {
  EXPECT_EQ(parsed({{"x", std::string(max_log_value, 'a')}})["x"],
            std::string(max_log_value, 'a'));
  EXPECT_EQ(parsed({{"x", std::string(max_log_value + 1, 'a')}})["x"],
            std::string(max_log_value, 'a') + "… [8193 bytes in all]");
  // Not within a character.
  auto cut = parsed({{"x", "." + std::string(max_log_value / 2, '\xc3')}});
  std::string many = ".";
  for (std::size_t i = 0; i < max_log_value; ++i)
    many += "ä";
  EXPECT_THAT(parsed({{"x", many}})["x"].get<std::string>(),
              Not(HasSubstr("\xef\xbf\xbd")));
}

TEST(records, know_a_secret_at_the_cut) {
  std::string value(max_log_value - 10, '.');
  value += " sk-ant-" + std::string(100, 'x');
  auto shown = parsed({{"x", value}})["x"].get<std::string>();
  EXPECT_THAT(shown, Not(HasSubstr("sk-ant")));
}

TEST(text_record, has_columns) {
  EXPECT_EQ(text_line({noon, "info", "supervisor"},
                      text_members("started", {{"pid", 7}}), false),
            "2026-01-31 12:00:00.123Z info  supervisor           "
            "started             pid=7\n");
  EXPECT_EQ(text_line({noon, "error", "an_actor_with_a_long_name"},
                      text_members("an_event_with_a_long_name", {{"a", 1}}),
                      false),
            "2026-01-31 12:00:00.123Z error an_actor_with_a_long_name "
            "an_event_with_a_long_name a=1\n");
  EXPECT_EQ(text({}), "happened");
}

TEST(text_record, is_coloured_on_demand) {
  auto line = text_line({noon, "error", "x"}, "y", true);
  EXPECT_THAT(line, HasSubstr("\x1b[31merror\x1b[0m x"));
  EXPECT_THAT(text_line({noon, "error", "x"}, "y", false),
              Not(HasSubstr("\x1b")));
}

TEST(text_record, quotes_what_could_be_misread) {
  auto members = text({{"plain", "a/b:c"},
                       {"empty", ""},
                       {"blank", "a b"},
                       {"quote", "a\"b\\"},
                       {"equals", "a=b"},
                       {"umlaut", "ä"},
                       {"yes", true},
                       {"real", 0.5}});
  EXPECT_THAT(members, HasSubstr("plain=a/b:c empty=\"\" blank=\"a b\" "
                                 "quote=\"a\\\"b\\\\\" equals=\"a=b\""));
  EXPECT_THAT(members, HasSubstr("umlaut=\"ä\" yes=true real=0.5"));
}

TEST(text_record, cannot_move_the_cursor) {
  auto members = text({{"x", "\x1b[2J\r\n\t\x7f\xc2\x9b\xff"}});
  EXPECT_THAT(members,
              HasSubstr("x=\"\\x1b[2J\\x0d\\n\\t\\x7f\\x9b\xef\xbf\xbd\""));
}

} // namespace container_agent::test
