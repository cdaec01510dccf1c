#include "messages/codec/input_message.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace container_agent::test {

namespace {

using codec::input_fault;
using codec::input_format;
using codec::input_message;
using codec::is_valid_utf8;
using codec::with_uuid;
using kind = codec::input_message::kind;

/// The word for why a line is refused; empty if it is not.
std::string fault_of(std::string_view line,
                     input_format format = input_format::automatic) {
  auto outcome = codec::read_input(line, format);
  auto* fault = std::get_if<input_fault>(&outcome);
  return fault == nullptr ? std::string{} : fault->reason;
}

std::string prompt_of(std::string_view line, input_format format) {
  auto outcome = codec::read_input(line, format);
  auto* message = std::get_if<input_message>(&outcome);
  if (message == nullptr || message->what != kind::prompt)
    return "(no prompt)";
  return nlohmann::json::parse(message->line)["message"]["content"];
}

std::string nested(std::size_t depth) {
  // The line itself is the first level.
  return R"({"type":"keep_alive","x":)" + std::string(depth - 1, '[')
         + std::string(depth - 1, ']') + '}';
}

} // namespace

// -- which format -------------------------------------------------------------

TEST(input_format, automatic_takes_a_brace_for_json_and_the_rest_for_text) {
  EXPECT_EQ(prompt_of("hello", input_format::automatic), "hello");
  EXPECT_EQ(prompt_of("  hello {", input_format::automatic), "  hello {");
  EXPECT_EQ(prompt_of("[TODO] fix", input_format::automatic), "[TODO] fix");
  EXPECT_EQ(prompt_of("\"x\" \\ \t", input_format::automatic), "\"x\" \\ \t");
  EXPECT_EQ(fault_of("{hello"), "invalid_json");
  EXPECT_EQ(fault_of(" \t{\"type\":\"keep_alive\"} "), "");
}

TEST(input_format, automatic_refuses_what_looks_like_json_and_says_what_to_do) {
  for (auto line :
       {"[1]", "[", "[\n", "[{\n", R"([{"type":"user"}])", R"("hello")", "}",
        R"("type": "user",)", "{hello", "{\n\"a\": 1,\n}"}) {
    auto outcome = codec::read_input(line, input_format::automatic);
    auto* fault = std::get_if<input_fault>(&outcome);
    ASSERT_NE(fault, nullptr) << line;
    EXPECT_EQ(fault->reason, "invalid_json") << line;
    EXPECT_NE(fault->detail.find("--input-format text"), std::string::npos)
      << fault->detail;
    EXPECT_EQ(prompt_of(line, input_format::text), line);
  }
}

TEST(input_format, a_line_break_in_a_string_is_told_as_what_it_is) {
  auto outcome = codec::read_input("{\"type\":\"user\",\"x\":\"a\nb\"}",
                                   input_format::automatic);
  auto& fault = std::get<input_fault>(outcome);
  EXPECT_TRUE(fault.detail.starts_with(
    R"(a line break at byte 21: within a string write it as \n)"))
    << fault.detail;
}

TEST(input_format, json_over_several_lines_is_no_line) {
  EXPECT_EQ(fault_of("{\"type\":\n\"keep_alive\"}"), "invalid_json");
}

TEST(input_format, text_takes_everything_for_a_prompt) {
  EXPECT_EQ(prompt_of(R"({"type":"keep_alive"})", input_format::text),
            R"({"type":"keep_alive"})");
  EXPECT_EQ(prompt_of("{", input_format::text), "{");
}

TEST(input_format, stream_json_takes_nothing_else) {
  EXPECT_EQ(fault_of("hello", input_format::stream_json), "invalid_json");
  EXPECT_EQ(fault_of(R"({"type":"keep_alive"})", input_format::stream_json),
            "");
}

TEST(input_format, a_text_prompt_has_no_uuid_yet) {
  auto outcome = codec::read_input("hello", input_format::automatic);
  auto message = std::get<input_message>(outcome);
  EXPECT_EQ(message.uuid, "");
  EXPECT_EQ(message.line,
            R"({"type":"user","message":{"role":"user","content":"hello"}})");
}

// -- bytes that are no text ---------------------------------------------------

TEST(input_utf8, everything_well_formed_is_valid) {
  for (std::string_view text :
       {std::string_view{""}, std::string_view{"plain"},
        std::string_view{"\0\x7f", 2}, std::string_view{"\xc2\x80"},
        std::string_view{"\xdf\xbf"}, std::string_view{"\xe0\xa0\x80"},
        std::string_view{"\xed\x9f\xbf"}, std::string_view{"\xee\x80\x80"},
        std::string_view{"\xef\xbf\xbf"}, std::string_view{"\xf0\x90\x80\x80"},
        std::string_view{"\xf4\x8f\xbf\xbf"}})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(input_utf8, everything_else_is_not) {
  for (auto text :
       {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3", "\xe2\x82", "\xf0\x9f\x98",
        "a\xc3 b", "\xe2\x28\xa1"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(input_utf8, a_line_that_is_not_valid_is_refused_in_every_format) {
  for (auto format : {input_format::automatic, input_format::text,
                      input_format::stream_json}) {
    EXPECT_EQ(fault_of("hi \xff", format), "invalid_utf8");
    EXPECT_EQ(fault_of("{\"type\":\"keep_alive\",\"x\":\"\xc3\"}", format),
              "invalid_utf8");
  }
}

// The parser of JSON is relied on to refuse the same bytes.
TEST(input_utf8, within_json_the_same_sequences_are_valid) {
  // The bounds of the ranges in RFC 3629's grammar.
  constexpr std::string_view edges{
    "A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf4\xf5"};
  std::size_t valid = 0;
  for (char first : edges)
    for (char second : edges)
      for (char third : edges)
        for (char fourth : edges) {
          std::string text{first, second, third, fourth};
          auto line
            = R"({"type":"keep_alive","text of its own":")" + text + "\"}";
          valid += is_valid_utf8(text) ? 1 : 0;
          ASSERT_EQ(fault_of(line), is_valid_utf8(text) ? "" : "invalid_utf8")
            << testing::PrintToString(text);
        }
  EXPECT_GT(valid, 500u);
}

TEST(input_utf8, a_nul_byte_is_refused_in_json_wherever_it_stands) {
  std::string line = R"({"type":"keep_alive"})";
  for (std::size_t at = 1; at <= line.size(); ++at) {
    auto with_nul = line;
    with_nul.insert(at, 1, '\0');
    EXPECT_EQ(fault_of(with_nul), "invalid_json") << at;
  }
  EXPECT_EQ(fault_of(R"({"type":"keep_alive","x":"\u0000"})"), "")
    << "escaped it is fine";
}

TEST(input_utf8, a_byte_order_mark_is_skipped) {
  const std::string mark = "\xef\xbb\xbf";
  const std::string json = "{\"type\":\"keep_alive\"}";
  for (auto format : {input_format::stream_json, input_format::automatic}) {
    auto outcome = codec::read_input(mark + json, format);
    EXPECT_EQ(std::get<input_message>(outcome).line, json);
  }
  EXPECT_EQ(prompt_of(mark + "hi", input_format::automatic), "hi");
  EXPECT_EQ(prompt_of(mark + json, input_format::text), json);
  EXPECT_EQ(prompt_of("hi" + mark, input_format::automatic), "hi" + mark);
}

TEST(input_utf8, odd_but_legal_characters_pass_byte_for_byte) {
  for (std::string content : {"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85", "\\u0000",
                              "\x7f", "\xf0\x9f\x98\x80"}) {
    auto line = R"({"type":"user","message":{"role":"user","content":")"
                + content + R"("}})";
    auto outcome = codec::read_input(line, input_format::automatic);
    auto* message = std::get_if<input_message>(&outcome);
    ASSERT_NE(message, nullptr) << content;
    EXPECT_EQ(message->line, line);
  }
}

// Claude Code takes it, our parser does not: refused, not lost.
TEST(input_utf8, half_a_surrogate_pair_is_refused) {
  EXPECT_EQ(fault_of(R"({"type":"keep_alive","x":"\ud800"})"), "invalid_json");
  EXPECT_EQ(fault_of(R"({"type":"keep_alive","x":"\ud83d\ude00"})"), "");
}

// -- depth --------------------------------------------------------------------

TEST(input_depth, limit_below_at_and_above) {
  EXPECT_EQ(fault_of(nested(codec::max_json_depth - 1)), "");
  EXPECT_EQ(fault_of(nested(codec::max_json_depth)), "");
  EXPECT_EQ(fault_of(nested(codec::max_json_depth + 1)), "invalid_json");
}

TEST(input_depth, a_flood_of_brackets_is_refused_without_harm) {
  EXPECT_EQ(fault_of("{\"x\":" + std::string(1'000'000, '[')), "invalid_json");
}

// -- uuids --------------------------------------------------------------------

TEST(input_uuid, limit_below_at_and_above) {
  auto line = [](std::size_t size) {
    return R"({"type":"user","message":{"role":"user","content":"a"},"uuid":")"
           + std::string(size, 'u') + "\"}";
  };
  EXPECT_EQ(fault_of(line(0)), "invalid_json");
  EXPECT_EQ(fault_of(line(1)), "");
  EXPECT_EQ(fault_of(line(codec::max_uuid_bytes)), "");
  EXPECT_EQ(fault_of(line(codec::max_uuid_bytes + 1)), "invalid_json");
}

TEST(input_uuid, is_a_string_or_null) {
  auto line = [](std::string_view uuid) {
    return R"({"uuid":)" + std::string{uuid}
           + R"(,"type":"user","message":{"role":"user","content":"a"}})";
  };
  EXPECT_EQ(fault_of(line("null")), "");
  EXPECT_EQ(fault_of(line("\"abc\"")), "");
  for (auto uuid : {"5", "true", "{}", "[]", "\"\""})
    EXPECT_EQ(fault_of(line(uuid)), "invalid_json") << uuid;
}

TEST(input_uuid, is_put_in_as_the_last_member_and_nothing_else_changes) {
  EXPECT_EQ(with_uuid(R"({"type":"user"})", "u"),
            R"({"type":"user","uuid":"u"})");
  EXPECT_EQ(with_uuid(R"( {"a":"}" , "b":{} } )", "u"),
            R"( {"a":"}" , "b":{} ,"uuid":"u"} )");
  EXPECT_EQ(with_uuid(R"({"a":1})", "\"q\\"), R"({"a":1,"uuid":"\"q\\"})");
}

TEST(input_uuid, replaces_a_null_for_whoever_reads_the_last_one) {
  auto line = with_uuid(R"({"uuid":null,"type":"user"})", "u");
  EXPECT_EQ(nlohmann::json::parse(line)["uuid"], "u");
}

TEST(input_uuid, made_of_random_bits_is_a_version_4_uuid) {
  EXPECT_EQ(codec::make_uuid(0, 0), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(codec::make_uuid(~0ULL, ~0ULL),
            "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(codec::make_uuid(0x0123456789abcdef, 0xfedcba9876543210),
            "01234567-89ab-4def-bedc-ba9876543210");
}

TEST(input_uuid, different_bits_make_different_uuids) {
  std::set<std::string> uuids;
  for (std::uint64_t i = 0; i < 100; ++i) {
    uuids.insert(codec::make_uuid(i << 20, 0));
    uuids.insert(codec::make_uuid(0, i + 1));
  }
  EXPECT_EQ(uuids.size(), 200u);
}

} // namespace container_agent::test
