#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace container_agent::test {

namespace {

using testing::HasSubstr;
using testing::Not;
using trace::reading;

struct read_result {
  reading counts;
  int code;
  std::string err;
  std::vector<std::uint64_t> numbers; // of the events, in order
};

read_result read_texts(const std::vector<std::string>& texts) {
  read_result result{};
  auto run = run_tool(
    [&](const auto& inputs, auto&, auto& err) {
      auto take = [&](const trace::trace_line& event, std::string_view) {
        result.numbers.push_back(event.n);
      };
      result.counts = trace::read_trace(inputs, take, err);
      return trace::close_reading(result.counts, err);
    },
    texts);
  result.code = run.code;
  result.err = run.err;
  return result;
}

} // namespace

TEST(trace_reader, hands_on_lines_in_order) {
  auto read = read_texts({header_line + bytes_line() + message_line()});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 1, 2));
  EXPECT_EQ(read.counts.headers, 1u);
  EXPECT_EQ(read.counts.events, 2u);
  EXPECT_EQ(read.code, 0);
  EXPECT_EQ(read.err, "");
}

TEST(trace_reader, reads_several_inputs_one_after_the_other) {
  auto read = read_texts(
    {header_line + message_line(), header_line + message_line({{"n", 3}})});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2, 0, 3));
  EXPECT_EQ(read.code, 0);
}

TEST(trace_reader, takes_a_last_line_without_line_feed) {
  auto line = message_line();
  line.pop_back();
  auto read = read_texts({header_line + line});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2));
  EXPECT_EQ(read.counts.torn, 0u);
}

TEST(trace_reader, counts_a_torn_last_line_of_any_length) {
  auto line = message_line();
  for (std::size_t size = 1; size < line.size() - 1; ++size) {
    auto read
      = read_texts({header_line + line.substr(0, size), message_line()});
    ASSERT_EQ(read.counts.torn, 1u) << size;
    ASSERT_EQ(read.counts.events, 1u) << size;
    ASSERT_EQ(read.code, 0) << size;
    ASSERT_THAT(read.err, HasSubstr("1 torn last line")) << size;
  }
}

TEST(trace_reader, tells_a_wrong_line_and_goes_on) {
  auto read = read_texts({header_line + "{\"kind\":\n" + message_line()});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2));
  EXPECT_EQ(read.code, 1);
  EXPECT_THAT(read.err, HasSubstr("a:2: left out: no JSON"));
  EXPECT_THAT(read.err, HasSubstr("1 of 3 lines were left out"));
}

TEST(trace_reader, says_what_is_wrong_with_a_line) {
  auto says = [](const std::string& line, const std::string& what) {
    auto read = read_texts({header_line + line});
    EXPECT_EQ(read.code, 1) << line;
    EXPECT_THAT(read.err, HasSubstr(what)) << line;
  };
  says("[]\n", "no JSON object");
  says("\n", "no JSON");
  says("{}\n", R"(its "kind" is missing)");
  says("{\"kind\":1}\n", R"(its "kind" is missing)");
  says("{\"kind\":\"message\",\"x\":\"\xff\"}\n", "no JSON");
  says(message_line({{"to", nullptr}}), R"(its "to" is missing)");
  says(message_line({{"n", nullptr}}), R"(its "n" is missing)");
  says(message_line({{"n", -1}}), R"(its "n" is of another type)");
  says(message_line({{"sent", 1.5}}), R"(its "sent" is of another type)");
  says(message_line({{"type", 5}}), R"(its "type" is of another type)");
  says(message_line({{"taken", 999}}), "taken up before it was sent");
  says(message_line({{"done", 2999}}), "done before it was taken up");
  says(bytes_line({{"port", nullptr}}), R"(its "port" is missing)");
  says(R"({"kind":"header","version":2})"
       "\n",
       "version 2");
}

TEST(trace_reader, says_that_times_are_beyond_all_limits) {
  auto says = [](const std::string& text, const std::string& what) {
    auto run = run_summary({header_line, text});
    EXPECT_EQ(run.code, 1) << text;
    EXPECT_THAT(run.err, HasSubstr(what)) << text;
  };
  auto header = [](const char* epoch) {
    return std::string{R"({"kind":"header","version":1,"epoch_us":)"} + epoch
           + "}\n" + message_line();
  };
  says(header("9223372036854775807"), "b:1: left out: its \"epoch_us\"");
  says(header("-9223372036854775808"), "b:1: left out: its \"epoch_us\"");
  says(message_line(
         {{"sent", UINT64_MAX}, {"taken", UINT64_MAX}, {"done", UINT64_MAX}}),
       "b:1: left out: one of its times");
  says(bytes_line({{"at", trace::max_time + 1}}), "one of its times");
}

TEST(trace_reader, takes_times_up_to_the_limits) {
  auto latest = R"({"kind":"header","version":1,"epoch_us":)"
                + std::to_string(trace::max_epoch_us) + "}\n";
  auto run = run_summary({R"({"kind":"header","version":1,"epoch_us":0})"
                          "\n"
                          + bytes_line({{"at", 0}}) + latest
                          + bytes_line({{"at", trace::max_time}})});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("from 1970-01-01T00:00:00.000000Z"));
}

TEST(trace_reader, leaves_out_what_follows_a_header_of_another_version) {
  std::string other = "{\"kind\":\"header\",\"version\":2}\n";
  auto read = read_texts(
    {header_line + message_line() + other + message_line({{"n", 3}})
       + message_line({{"n", 4}}) + header_line + message_line({{"n", 5}}),
     message_line({{"n", 6}})});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2, 0, 5, 6));
  EXPECT_EQ(read.code, 1);
  EXPECT_THAT(read.err, HasSubstr("a:3: left out: it is of version 2"));
  EXPECT_THAT(read.err, HasSubstr("a: 2 lines were left out: they follow the "
                                  "header in line 3\n"));
  EXPECT_THAT(read.err, HasSubstr("3 of 8 lines were left out"));
}

TEST(trace_reader, tells_the_first_ten_wrong_lines_and_counts_all) {
  std::string text = header_line;
  for (int i = 0; i < 12; ++i)
    text += "x\n";
  auto read = read_texts({text});
  EXPECT_THAT(read.err, HasSubstr("a:11: "));
  EXPECT_THAT(read.err, Not(HasSubstr("a:12: ")));
  EXPECT_THAT(read.err, HasSubstr("12 of 13 lines"));
}

TEST(trace_reader, counts_kinds_that_it_does_not_know) {
  auto read = read_texts(
    {header_line + "{\"kind\":\"new\",\"n\":{\"a\":[1]}}\n" + message_line()});
  EXPECT_EQ(read.counts.unknown, 1u);
  EXPECT_EQ(read.code, 0);
  EXPECT_THAT(read.err, HasSubstr("kinds that this program does not know"));
}

TEST(trace_reader, ignores_members_that_it_does_not_know) {
  auto read = read_texts(
    {header_line + message_line({{"new", {{"n", 5}, {"a", {1, 2}}}}})});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2));
  EXPECT_EQ(read.err, "");
}

TEST(trace_reader, says_how_many_events_the_trace_says_are_missing) {
  auto read = read_texts(
    {header_line + "{\"kind\":\"dropped\",\"at\":1,\"count\":120}\n"});
  EXPECT_EQ(read.counts.dropped, 120u);
  EXPECT_EQ(read.code, 0);
  EXPECT_THAT(read.err, HasSubstr("120 events are missing"));
}

TEST(trace_reader, says_that_a_trace_is_empty) {
  auto read = read_texts({""});
  EXPECT_EQ(read.code, 1);
  EXPECT_EQ(read.err, "error: the trace is empty\n");
}

TEST(trace_reader, says_that_there_is_no_header) {
  auto read = read_texts({message_line()});
  EXPECT_EQ(read.code, 0);
  EXPECT_THAT(read.err, HasSubstr("no header"));
}

TEST(trace_reader, has_a_limit_for_a_line) {
  auto fits = message_line({{"x", ""}});
  fits = message_line(
    {{"x", std::string(trace::max_trace_line + 1 - fits.size(), 'x')}});
  ASSERT_EQ(fits.size(), trace::max_trace_line + 1);
  auto read = read_texts({header_line + fits + message_line({{"n", 3}})});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2, 3));
  auto too_long = fits;
  too_long.insert(too_long.size() - 4, "x");
  read = read_texts({header_line + too_long + message_line({{"n", 3}})});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 3));
  EXPECT_THAT(read.err, HasSubstr("a:2: left out: longer than 1 MiB"));
}

TEST(trace_reader, skips_a_line_of_many_blocks) {
  auto huge = std::string(5 * trace::max_trace_line, 'x') + '\n';
  auto read = read_texts({header_line + huge + message_line()});
  EXPECT_THAT(read.numbers, testing::ElementsAre(0, 2));
  EXPECT_EQ(read.counts.bad, 1u);
  EXPECT_EQ(read.counts.lines, 3u);
}

TEST(trace_reader, says_that_the_output_takes_no_more) {
  auto run = run_tool(
    [](const auto& inputs, auto& out, auto& err) {
      out.setstate(std::ios::badbit);
      return trace::convert({"chrome", {}, false}, inputs, out, err);
    },
    {header_line + message_line()});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("could not be written"));
}

} // namespace container_agent::test
