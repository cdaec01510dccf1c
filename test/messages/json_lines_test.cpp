#include "messages/codec/input_message.hpp"
#include "messages/codec/json_lines.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace container_agent::test {

namespace {

using codec::framed_line;
using codec::json_lines;
using line_kind = codec::framed_line::kind;
using texts = std::vector<std::string>;

const std::string good
  = R"({"type":"user","message":{"role":"user","content":"hi"}})";

/// The receiver of a whole text decides about it.
bool is_refused(const std::string& text) {
  return std::holds_alternative<codec::input_fault>(
    codec::read_input(text, codec::input_format::automatic));
}

/// A reader of lines: what comes out is noted as "number:text", and how it
/// ended if that is not complete.
class reader {
public:
  explicit reader(std::size_t max_message = 1000) : lines_{max_message} {}

  reader& line(std::string text, line_kind what = line_kind::complete) {
    auto size = text.size();
    position_ += size + 1;
    lines_.take({{what, std::move(text), size}, ++number_, position_}, out_);
    return *this;
  }

  reader& too_long(std::string head, std::uint64_t size) {
    position_ += size + 1;
    lines_.take(
      {{line_kind::too_long, std::move(head), size}, ++number_, position_},
      out_);
    return *this;
  }

  reader& leave() {
    lines_.end(out_);
    return *this;
  }

  /// What has come out since the last call. Empty lines, which are there for
  /// their end only, are left out; `ends` has them all.
  texts said() {
    texts result;
    ends.clear();
    for (auto& item : std::exchange(out_, {})) {
      constexpr const char* how[] = {"", "|cut", "|too_long"};
      ends.push_back(item.end);
      sizes.push_back(item.line.size);
      EXPECT_TRUE(item.end > 0 || item.line.what == line_kind::too_long
                  || is_refused(item.line.text))
        << item.line.text;
      if (!item.line.text.empty())
        result.push_back(std::to_string(item.number) + ':' + item.line.text
                         + how[static_cast<int>(item.line.what)]);
    }
    return result;
  }

  bool open() const { return lines_.holds_part(); }

  std::vector<std::uint64_t> ends;
  std::vector<std::uint64_t> sizes;

private:
  json_lines lines_;
  std::vector<json_lines::item> out_;
  std::uint64_t number_ = 0;
  std::uint64_t position_ = 0;
};

} // namespace

TEST(json_lines, lines_of_text_and_whole_objects_pass_as_they_are) {
  reader in;
  in.line("hi").line("").line(good).line("{'a'}").line("[TODO] {").line("[1]");
  EXPECT_EQ(in.said(),
            (texts{"1:hi", "3:" + good, "4:{'a'}", "5:[TODO] {", "6:[1]"}));
  EXPECT_EQ(in.ends, (std::vector<std::uint64_t>{3, 4, 61, 67, 76, 80}));
  EXPECT_FALSE(in.open());
}

TEST(json_lines, an_object_over_several_lines_becomes_one) {
  reader in;
  in.line("{")
    .line("  \"a\": {")
    .line("")
    .line("\t\"b}\": \"x  y\"")
    .line("  }");
  EXPECT_EQ(in.said(), texts{});
  EXPECT_TRUE(in.open());
  in.line("}");
  EXPECT_EQ(in.said(), texts{"1:{   \"a\": {  \t\"b}\": \"x  y\"   } }"});
  EXPECT_EQ(in.ends, std::vector<std::uint64_t>{32});
  EXPECT_FALSE(in.open());
  in.line("hi");
  EXPECT_EQ(in.said(), texts{"7:hi"});
}

TEST(json_lines, a_byte_order_mark_before_it_is_left_out) {
  reader in;
  in.line("\xef\xbb\xbf{").line("}");
  EXPECT_EQ(in.said(), texts{"1:{ }"});
}

TEST(json_lines, several_of_them_are_several) {
  reader in;
  in.line("{").line("\"a\":1}").line("{\"b\":").line("2").line("}").line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{ \"a\":1}", "3:{\"b\": 2 }", "6:hi"}));
}

TEST(json_lines, no_json_is_refused_at_once_and_up_to_its_last_bracket) {
  reader in;
  in.line("{").line("rm -rf {");
  EXPECT_EQ(in.said(), texts{"1:{\nrm -rf {\n"});
  EXPECT_EQ(in.ends, std::vector<std::uint64_t>{0}) << "it goes on";
  in.line("delete all").line("}").line(R"("content": "}}}")").line("{}}");
  EXPECT_EQ(in.said(), texts{});
  EXPECT_EQ(in.ends, std::vector<std::uint64_t>{45}) << "here it ends";
  in.line("hi");
  EXPECT_EQ(in.said(), texts{"7:hi"});
}

TEST(json_lines, a_line_break_within_a_string_refuses_the_whole) {
  reader in;
  in.line("{\"text\": \"one").line("two } three\",");
  EXPECT_EQ(in.said(), texts{"1:{\"text\": \"one\n"});
  in.line("\"more\": 1").line("}").line("hi");
  EXPECT_EQ(in.said(), texts{"5:hi"});
}

TEST(json_lines, more_than_the_object_on_its_last_line_refuses_the_whole) {
  reader in;
  in.line("{").line("} and more").line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{\n} and more\n", "3:hi"}));
  in.line("{").line("} {").line("}").line("hi");
  EXPECT_EQ(in.said(), (texts{"4:{\n} {\n", "7:hi"}));
}

TEST(json_lines, an_array_is_refused_at_once_with_all_its_lines) {
  reader in;
  in.line("[");
  EXPECT_EQ(in.said(), texts{"1:[\n"});
  in.line(good + ',').line(good).line("]");
  EXPECT_EQ(in.said(), texts{}) << "a message within it does not run";
  in.line("hi").line("[{").line("}, 1").line("]").line("hi");
  EXPECT_EQ(in.said(), (texts{"5:hi", "6:[{\n", "9:hi"}));
}

TEST(json_lines, a_message_within_an_object_is_a_part_of_it) {
  reader in;
  in.line("{\"a\":").line(good).line("}");
  EXPECT_EQ(in.said(), texts{"1:{\"a\": " + good + " }"});
}

TEST(json_lines, a_whole_message_that_is_no_part_ends_what_is_unfinished) {
  reader in;
  in.line("{").line("\"a\": 1").line(good).line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{\n\"a\": 1\n", "3:" + good, "4:hi"}));
  in.line("{oops").line("hi").line(good).line("hi");
  EXPECT_EQ(in.said(), (texts{"5:{oops\n", "7:" + good, "8:hi"}));
  in.line("[1,").line(good).line(good);
  EXPECT_EQ(in.said(), (texts{"9:[1,\n", "11:" + good}));
}

TEST(json_lines, another_object_that_is_no_message_ends_nothing) {
  reader in;
  in.line("{").line(R"({"type":"frob"})").line("hi");
  EXPECT_EQ(in.said(), texts{"1:{\n{\"type\":\"frob\"}\n"});
  EXPECT_TRUE(in.open());
}

TEST(json_lines, what_is_unfinished_is_cut_when_its_writers_leave) {
  reader in;
  in.line("{").line("\"a\": 1,").leave().line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{\n\"a\": 1,|cut", "3:hi"}));
  EXPECT_EQ(in.ends, (std::vector<std::uint64_t>{10, 13}));
  in.line("{").line("\"a\"", line_kind::cut).line("hi");
  EXPECT_EQ(in.said(), (texts{"4:{\n\"a\"|cut", "6:hi"}));
  in.line("{\"a\"", line_kind::cut).line("hi");
  EXPECT_EQ(in.said(), (texts{"7:{\"a\"|cut", "8:hi"}));
  in.line("{").line("}", line_kind::cut).line("hi");
  EXPECT_EQ(in.said(), (texts{"9:{ }|cut", "11:hi"}))
    << "whole without its line feed";
}

TEST(json_lines, what_is_refused_ends_when_its_writers_leave) {
  reader in;
  in.line("{oops")
    .leave()
    .line("hi")
    .line("[")
    .line("1", line_kind::cut)
    .line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{oops\n", "2:hi", "3:[\n", "5:hi"}));
  in.too_long("{", 2000).leave().line("hi");
  EXPECT_EQ(in.said(), (texts{"6:{|too_long", "7:hi"}));
}

TEST(json_lines, limit_below_at_and_above) {
  const std::string second = "\"a\": 1";
  for (std::size_t limit : {9, 10, 11}) {
    reader in{limit};
    in.line("{").line(second).line("}").line("hi"); // 10 bytes
    auto fits = limit >= 10;
    EXPECT_EQ(
      in.said(),
      (texts{fits ? "1:{ \"a\": 1 }" : "1:{\n\"a\": 1|too_long", "4:hi"}))
      << limit;
    EXPECT_EQ(in.sizes.front(), 10u);
  }
}

TEST(json_lines, one_that_is_too_long_goes_on_to_its_last_bracket) {
  reader in{20};
  in.line("{\"a\": [").line("1,2,3,4,5,6,7,8,9").line("hi");
  EXPECT_EQ(in.said(), texts{"1:{\"a\": [|too_long"});
  EXPECT_TRUE(in.open());
  in.line("]").line("}").line("hi");
  EXPECT_EQ(in.said(), texts{"6:hi"});
}

TEST(json_lines, whose_brackets_nobody_has_seen_goes_on_to_a_whole_message) {
  reader in;
  in.line("{").too_long("\"", 2000).line("}").line("hi").line(good).line("hi");
  EXPECT_EQ(in.said(), (texts{"1:{|too_long", "5:" + good, "6:hi"}));
  in.too_long("{\"a\"", 2000).line("hi").line("}").line(good).line("hi");
  EXPECT_EQ(in.said(), (texts{"7:{\"a\"|too_long", "10:" + good, "11:hi"}));
  in.too_long("hello", 2000).line("hi");
  EXPECT_EQ(in.said(), (texts{"12:hello|too_long", "13:hi"}))
    << "text is over with its line";
}

TEST(json_lines, what_is_nested_too_deep_is_refused_at_once) {
  reader in{10'000};
  in.line("{\"a\":" + std::string(600, '['));
  EXPECT_EQ(in.said().size(), 1u);
}

} // namespace container_agent::test
