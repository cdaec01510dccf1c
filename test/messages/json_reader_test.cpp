#include "messages/codec/json_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace container_agent::codec::test {

namespace {

struct found {
  std::string text;
  bool flag = false;
  std::uint32_t number = 0;
  std::optional<std::int64_t> maybe;
  json_part part;
  json_kind kind = json_kind::absent;
  std::string list; // of all that came, each behind a blank
};

void take_element(found& to, json_value& value) {
  to.list += ' ' + value.text;
  value.is_last = value.text == "stop";
}

constexpr auto found_wishes = std::to_array<json_wish>({
  {1, "text", into<&found::text>},
  {1, "flag", into<&found::flag>},
  {1, "number", into<&found::number>},
  {1, "maybe", into<&found::maybe>},
  {1, "part", into<&found::part>},
  {1, "kind", into<&found::kind>, true},
  {1, "a"},
  {2, "b"},
  {3, "[]"},
  {4, "c", by<found, take_element>},
  {4, "d"},
  {5, "[]", by<found, take_element>},
  {1, "list"},
  {2, "[]", by<found, take_element>},
});

std::string shown(const found& x) {
  return x.text + '|' + (x.flag ? "yes" : "") + '|' + std::to_string(x.number)
         + '|' + (x.maybe ? std::to_string(*x.maybe) : "") + '|' + x.part.text
         + '|' + std::to_string(static_cast<int>(x.part.what))
         + std::to_string(static_cast<int>(x.kind)) + '|' + x.list;
}

/// What was found, and what is wrong with it.
std::string read(std::string_view text, std::size_t split = 0,
                 json_reader::rules rules
                 = {.max_text = 8, .max_long_text = 0}) {
  found to;
  json_reader reader{found_wishes, &to, rules};
  reader.feed(text.substr(0, split));
  reader.feed(text.substr(split));
  reader.finish();
  auto misfit = std::string{reader.misfit()};
  return shown(to) + (misfit.empty() ? "" : " misfit " + misfit)
         + (reader.fault().empty() ? "" : " wrong");
}

} // namespace

TEST(json_reader, takes_what_is_wanted_wherever_the_text_is_split) {
  for (const auto& [text, expected] :
       {std::pair<std::string_view, std::string_view>{"{}", "||0|||00|"},
        {R"({"text":"a\n\u00e9","flag":true,"number":7,"maybe":-8})",
         "a\n\xc3\xa9|yes|7|-8||00|"},
        {R"({"text":null,"flag":null,"number":null,"maybe":null})",
         "||0|||00|"},
        {R"({"part":"x","kind":"long"})", "||0||x|44|"},
        {R"({"part":{"text":"y"},"kind":[1]})", "||0|||67|"},
        {R"({"part":null,"kind":12.5e3})", "||0|||13|"},
        // Of two with the same name the last one counts.
        {R"({"text":"a","number":1,"text":"b","number":2})", "b||2|||00|"},
        // Only at their places.
        {R"({"x":{"text":"n"},"y":["text",{"text":"n"}],"text":"t"})",
         "t||0|||00|"},
        {R"({"a":{"b":[{"c":"1","d":["2","3"]},{"c":4},["5"]],"c":"6"}})",
         "||0|||00| 1 2 3 4"},
        {R"({"a":[{"b":[{"c":"1"}]}],"list":{"[]":"2"}})", "||0|||00|"},
        {R"({"list":["a",["b"],{"c":"d"},1,true,"e"]})",
         "||0|||00| a   1 true e"},
        {R"({"list":["a","stop","b"],"text":)", "||0|||00| a stop"},
        // Limits.
        {R"({"text":"12345678"})", "12345678||0|||00|"},
        {R"({"text":"123456789"})", "||0|||00| misfit text"},
        {R"({"list":["123456789","1"]})", "||0|||00|  1"},
        // Of another type.
        {R"({"text":5,"flag":1})", "||0|||00| misfit text"},
        {R"({"flag":"true"})", "||0|||00| misfit flag"},
        {R"({"number":-1})", "||0|||00| misfit number"},
        {R"({"number":4294967296})", "||0|||00| misfit number"},
        {R"({"number":1.0})", "||0|||00| misfit number"},
        {R"({"maybe":"1"})", "||0|0||00| misfit maybe"}})
    for (std::size_t at = 0; at <= text.size(); ++at)
      ASSERT_EQ(read(text, at), expected) << text << " at " << at;
}

TEST(json_reader, says_what_is_wrong_and_where) {
  auto fault = [](const std::string& text) {
    json_reader reader;
    reader.feed(text);
    reader.finish();
    EXPECT_EQ(reader.now(), reader.fault().empty() ? json_reader::state::whole
                                                   : json_reader::state::wrong);
    return reader.fault();
  };
  EXPECT_EQ(fault(" {\"a\":[1,null]} \n"), "");
  EXPECT_EQ(fault("{\"a\":1"), "incomplete JSON at byte 6");
  EXPECT_EQ(fault("{\"a\":x}"), "syntax error at byte 5");
  EXPECT_EQ(fault("{} {}"), "extra data at byte 3");
  EXPECT_EQ(fault("{\"a\":\"b\nc\"}"),
            R"(a line break at byte 7: within a string write it as \n)");
  EXPECT_EQ(fault(std::string(513, '[')), "nested deeper than 512 levels");
  EXPECT_EQ(fault(std::string(512, '[') + std::string(512, ']')), "");
}

TEST(json_reader, half_a_surrogate_pair_is_text_only_where_claude_writes_it) {
  constexpr std::string_view text
    = R"({"text":"a\ud83dz","part":"\ude00","list":["\ud83d\ude00\\ud83d"]})";
  EXPECT_TRUE(read(text).ends_with(" wrong"));
  for (std::size_t at = 0; at <= text.size(); ++at)
    ASSERT_EQ(read(text, at, {.lenient = true}),
              "a\xef\xbf\xbdz||0||\xef\xbf\xbd|40| \xf0\x9f\x98\x80\\ud83d")
      << at;
}

TEST(json_reader, tells_json_and_whole_lines_of_claudes) {
  for (auto text : {"1", " [1] \r\n", "{}", "\"a\"", "null"})
    EXPECT_TRUE(is_json(text)) << text;
  for (auto text : {"", "a", "{", "{} x", "\"\\ud800\"", "\"\xff\"", "01"})
    EXPECT_FALSE(is_json(text)) << text;
  for (auto line : {"{}", "{\"a\":\"\\ud800\xff\"} "})
    EXPECT_TRUE(is_whole_object(line)) << line;
  for (auto line : {"", "[]", " {}", "{\"a\":1", "{}{}", "{\"a\":\"\\ud8\"}"})
    EXPECT_FALSE(is_whole_object(line)) << line;
}

} // namespace container_agent::codec::test
