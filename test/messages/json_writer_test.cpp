#include "messages/codec/json_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>

namespace container_agent::codec::test {

TEST(json_writer, puts_commas_where_they_belong) {
  std::string out = "before\n";
  json_writer to{out};
  to.open('{').word("a", "b").put("c", 1, "d", true).key("e").open('[');
  to.open('[').close(']').value("{").open('{').close('}').value(nullptr);
  to.close(']').key("f").json("[1]").put("g", std::vector<std::string>{});
  to.put("h", std::vector<std::string>{"i", "j"}).close('}');
  EXPECT_EQ(out, "before\n"
                 R"({"a":"b","c":1,"d":true,"e":[[],"{",{},null],)"
                 R"("f":[1],"g":[],"h":["i","j"]})");
}

TEST(json_writer, leaves_out_what_is_empty) {
  std::string out;
  json_writer to{out};
  to.open('{').put_some("a", 0, "b", std::string{}, "c", false);
  to.put_some("d", 7U, "e", std::string_view{"x"}, "f", true).close('}');
  EXPECT_EQ(out, R"({"d":7,"e":"x","f":true})");
}

TEST(json_writer, whatever_is_written_it_is_one_line_of_valid_json) {
  std::string out;
  json_writer to{out};
  to.open('[').value("a\"\\\n\r\t\x01\x7f\u009b\xff\xed\xa0\x80\xc3 \u00e9");
  to.value(std::numeric_limits<std::int64_t>::min());
  to.value(std::numeric_limits<std::uint64_t>::max()).close(']');
  EXPECT_EQ(out.find('\n'), out.npos);
  auto read = nlohmann::json::parse(out);
  EXPECT_EQ(read[0], "a\"\\\n\r\t\x01\x7f\u009b\ufffd\ufffd\ufffd\ufffd\ufffd "
                     "\u00e9");
  EXPECT_EQ(read[1], std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read[2], std::numeric_limits<std::uint64_t>::max());
}

} // namespace container_agent::codec::test
