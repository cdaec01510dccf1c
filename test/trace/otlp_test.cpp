#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace container_agent::test {

namespace {

using testing::HasSubstr;

struct spans_of_run {
  tool_run run;
  std::vector<nlohmann::json> lines;
  std::vector<nlohmann::json> spans;
};

spans_of_run otlp_spans(const std::vector<std::string>& text,
                        bool all = false) {
  spans_of_run result{run_convert({"otlp", {}, all}, text), {}, {}};
  std::istringstream lines{result.run.out};
  for (std::string line; std::getline(lines, line);) {
    result.lines.push_back(nlohmann::json::parse(line));
    for (const auto& span :
         result.lines.back()["resourceSpans"][0]["scopeSpans"][0]["spans"])
      result.spans.push_back(span);
  }
  return result;
}

std::string attribute(const nlohmann::json& span, const std::string& key) {
  for (const auto& entry : span.at("attributes"))
    if (entry.at("key") == key)
      return entry.at("value").begin().value();
  return "";
}

std::string timer_line() {
  return R"({"kind":"timer","n":3,"at":2000,"due":9000,)"
         R"("actor":"conversation","id":13,"type":"tick","cause":2})"
         "\n";
}

} // namespace

TEST(otlp_traces, make_a_span_of_a_message) {
  auto made = otlp_spans({header_line + message_line()});
  EXPECT_EQ(made.run.code, 0);
  ASSERT_EQ(made.spans.size(), 1u);
  const auto& span = made.spans[0];
  EXPECT_EQ(span.at("traceId"), prompt_trace);
  EXPECT_EQ(span.at("spanId"), "0000000000000002");
  EXPECT_FALSE(span.contains("parentSpanId"));
  EXPECT_EQ(span.at("name"), "conversation host_line");
  EXPECT_EQ(span.at("kind"), 5);
  EXPECT_EQ(span.at("startTimeUnixNano"), "1764030000123457000");
  EXPECT_EQ(span.at("endTimeUnixNano"), "1764030000123463000");
  EXPECT_EQ(span.at("events")[0].at("timeUnixNano"), "1764030000123459000");
  EXPECT_FALSE(span.contains("status"));
  EXPECT_EQ(attribute(span, "agent.summary"), "text=187");
  EXPECT_EQ(attribute(span, "agent.queueing_ns"), "2000");
  EXPECT_EQ(attribute(span, "agent.handling_ns"), "4000");
}

TEST(otlp_traces, name_the_agent) {
  auto made = otlp_spans({header_line + message_line()});
  const auto& resource = made.lines[0]["resourceSpans"][0]["resource"];
  EXPECT_EQ(attribute(resource, "service.name"), "container-agent");
  EXPECT_EQ(attribute(resource, "service.version"), "0.1.0");
  EXPECT_EQ(attribute(resource, "process.pid"), "7");
}

TEST(otlp_traces, have_the_cause_as_parent_if_it_is_of_the_same_prompt) {
  auto other = std::string(31, '0') + 'a';
  auto made
    = otlp_spans({header_line + bytes_line() + message_line()
                  + message_line({{"n", 3}, {"cause", 2}})
                  + message_line({{"n", 4}, {"cause", 2}, {"trace", other}})});
  ASSERT_EQ(made.spans.size(), 4u);
  EXPECT_FALSE(made.spans[0].contains("parentSpanId"));
  EXPECT_EQ(made.spans[1].at("parentSpanId"), "0000000000000001");
  EXPECT_EQ(made.spans[2].at("parentSpanId"), "0000000000000002");
  EXPECT_FALSE(made.spans[3].contains("parentSpanId"));
  EXPECT_EQ(made.run.err, "");
}

TEST(otlp_traces, lead_through_a_timer_to_what_set_it) {
  auto made
    = otlp_spans({header_line + message_line({{"cause", nullptr}})
                  + timer_line() + message_line({{"n", 4}, {"cause", 3}})});
  ASSERT_EQ(made.spans.size(), 2u);
  EXPECT_EQ(made.spans[1].at("parentSpanId"), "0000000000000002");
}

TEST(otlp_traces, say_how_many_spans_have_lost_their_parent) {
  auto made = otlp_spans({header_line + message_line()});
  EXPECT_THAT(made.run.err, HasSubstr("1 spans have no parent"));
}

TEST(otlp_traces, leave_out_and_count_what_belongs_to_no_prompt) {
  auto text = header_line + message_line({{"cause", nullptr}}) + timer_line()
              + message_line({{"n", 4}, {"trace", nullptr}});
  auto made = otlp_spans({text});
  EXPECT_EQ(made.spans.size(), 1u);
  EXPECT_THAT(made.run.err, HasSubstr("2 events were left out"));
  EXPECT_EQ(made.run.code, 0);
}

TEST(otlp_traces, put_all_into_a_trace_of_the_run_if_asked_to) {
  auto text = header_line + message_line() + timer_line()
              + message_line({{"n", 4}, {"cause", 3}, {"trace", nullptr}});
  auto made = otlp_spans({text}, true);
  ASSERT_EQ(made.spans.size(), 3u);
  auto run_trace = made.spans[1].at("traceId").get<std::string>();
  EXPECT_EQ(run_trace.size(), 32u);
  EXPECT_NE(run_trace, prompt_trace);
  EXPECT_EQ(made.spans[2].at("traceId"), run_trace);
  EXPECT_EQ(made.spans[2].at("parentSpanId"), "0000000000000003");
}

TEST(otlp_traces, have_an_error_status_for_what_failed) {
  for (auto outcome : {"failed", "undelivered"}) {
    auto made
      = otlp_spans({header_line + message_line({{"outcome", outcome}})});
    EXPECT_EQ(made.spans[0].at("status").at("code"), 2);
    EXPECT_EQ(made.spans[0].at("status").at("message"), outcome);
  }
}

TEST(otlp_traces, have_one_span_for_a_skipped_message) {
  auto made = otlp_spans({header_line + message_line({{"outcome", "skipped"}})
                          + message_line({{"taken", 9000}, {"done", 9500}})});
  ASSERT_EQ(made.spans.size(), 1u);
  EXPECT_EQ(attribute(made.spans[0], "agent.outcome"), "handled");
}

TEST(otlp_traces, have_lines_of_a_bounded_size) {
  std::string text = header_line;
  std::string summary(1000, 's');
  for (int n = 1; n <= 1000; ++n)
    text += message_line({{"n", n}, {"cause", n - 1}, {"summary", summary}});
  auto made = otlp_spans({text});
  EXPECT_EQ(made.spans.size(), 1000u);
  EXPECT_GT(made.lines.size(), 3u);
  std::set<std::string> ids;
  for (const auto& line : made.lines)
    EXPECT_LT(line.dump().size(), 512u * 1024);
  for (const auto& span : made.spans)
    ids.insert(span.at("spanId"));
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(otlp_traces, do_not_mix_runs_in_a_line) {
  auto later = header_line;
  later.replace(later.find("\"pid\":7"), 7, "\"pid\":8");
  auto made
    = otlp_spans({header_line + message_line(), later + message_line()});
  ASSERT_EQ(made.lines.size(), 2u);
  EXPECT_EQ(
    attribute(made.lines[1]["resourceSpans"][0]["resource"], "process.pid"),
    "8");
}

TEST(otlp_traces, take_no_trace_id_that_is_none) {
  for (auto bad : {"D0C4A1B20123456789ABCDEF01234567", "abc",
                   "00000000000000000000000000000000"}) {
    auto made = otlp_spans({header_line + message_line({{"trace", bad}})});
    EXPECT_TRUE(made.spans.empty()) << bad;
    EXPECT_THAT(made.run.err, HasSubstr("1 events were left out"));
  }
}

} // namespace container_agent::test
