#include "main/server/metrics_text.hpp"
#include "messages/records/status_document.hpp"
#include "test/support/metrics_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(metrics, say_what_the_status_document_says) {
  codec::status_facts facts;
  facts.state = "busy";
  facts.ready = true;
  facts.conversation.answered = 5;
  facts.conversation.failed = 2;
  facts.conversation.turns.add(std::chrono::milliseconds{200});
  facts.conversation.turns.add(std::chrono::hours{1});
  facts.conversation.input_held = std::chrono::milliseconds{1500};
  facts.conversation.bill = {0.5, 10, 20, 30, 40};
  facts.supervisor.by_child = {{"claude_process", "child_ended", 3}};
  facts.claude = process_usage{7, 300, std::chrono::milliseconds{2500}};
  auto text = metrics_text(codec::status_document(facts), nullptr);
  for (const auto* line :
       {R"(container_agent_state{state="busy"} 1)",
        R"(container_agent_state{state="ready"} 0)", "container_agent_ready 1",
        R"(container_agent_prompts_total{outcome="answered"} 5)",
        R"(container_agent_prompts_total{outcome="failed"} 2)",
        R"(container_agent_turn_duration_seconds_bucket{le="0.1"} 0)",
        R"(container_agent_turn_duration_seconds_bucket{le="0.25"} 1)",
        R"(container_agent_turn_duration_seconds_bucket{le="1800"} 1)",
        R"(container_agent_turn_duration_seconds_bucket{le="+Inf"} 2)",
        "container_agent_turn_duration_seconds_count 2",
        "container_agent_turn_duration_seconds_sum 3600.2",
        R"(container_agent_backpressure_seconds_total{from="host"} 1.5)",
        "container_agent_cost_dollars_total 0.5",
        R"(container_agent_tokens_total{kind="cache_creation"} 40)",
        R"(container_agent_restarts_total{actor="claude_process",)"
        R"(reason="child_ended"} 3)",
        "container_agent_claude_resident_memory_bytes 300",
        "container_agent_claude_cpu_seconds 2.5"})
    EXPECT_THAT(text, HasSubstr('\n' + std::string{line} + '\n'));
  EXPECT_THAT(text, Not(HasSubstr("messages_total"))) << "it does not trace";
  EXPECT_THAT(metrics_faults(text), IsEmpty());
}

TEST(metrics, of_what_is_not_known_there_are_none) {
  codec::status_facts facts;
  auto text = metrics_text(codec::status_document(facts), nullptr);
  EXPECT_THAT(text, Not(HasSubstr("claude_resident_memory_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("loop_lag_seconds")));
  for (const auto* document : {"", "null", "[]", "{", R"({"restarts":7})"})
    EXPECT_THAT(metrics_text(document, nullptr),
                HasSubstr("container_agent_build_info{"))
      << document;
}

TEST(metrics, the_tracer_has_counted) {
  runtime::trace_counts counts;
  counts.messages = {{"child_input", 3}, {"host_line", 11}};
  counts.waits.add(2e-5);
  counts.waits.add(7);
  counts.dropped = 3;
  counts.bytes[0].in = 7;
  auto text = metrics_text("{}", &counts);
  EXPECT_THAT(text, HasSubstr("\ncontainer_agent_messages_total"
                              "{type=\"host_line\"} 11\n"));
  for (const auto* line : {R"(bucket{le="0.0001"} 1)", R"(bucket{le="1"} 1)",
                           R"(bucket{le="+Inf"} 2)", "count 2"})
    EXPECT_THAT(text, HasSubstr("\ncontainer_agent_message_wait_seconds_"
                                + std::string{line} + '\n'));
  EXPECT_THAT(text,
              HasSubstr("\ncontainer_agent_trace_events_dropped_total 3\n"));
  EXPECT_THAT(text,
              HasSubstr("\ncontainer_agent_bytes_total{port=\"host_input\","
                        "direction=\"in\"} 7\n"));
}

TEST(metrics_check, finds_what_prometheus_would_not_take) {
  const std::string head = "# HELP container_agent_x Some.\n"
                           "# TYPE container_agent_x gauge\n";
  EXPECT_THAT(
    metrics_faults(head + "container_agent_x{a=\"1\",b=\"\\\"\"} 2\n"),
    IsEmpty());
  for (const auto* bad :
       {"container_agent_x", "container_agent_x 1 2 3", "container_agent_x -1",
        "container_agent_x one", "container_agent_y 1",
        "container_agent_x{a=1} 1", "container_agent_x{a=\"1} 1",
        "container_agent_x{a=\"1\",a=\"2\"} 1", "# container_agent_x 1"})
    EXPECT_FALSE(metrics_faults(head + bad + '\n').empty()) << bad;
  EXPECT_FALSE(metrics_faults(head).empty()) << "no sample";
  EXPECT_FALSE(metrics_faults(head + head).empty());
  EXPECT_FALSE(metrics_faults("# HELP container_agent_n N.\n"
                              "# TYPE container_agent_n counter\n"
                              "container_agent_n 1\n")
                 .empty())
    << "a counter's name";
  EXPECT_FALSE(metrics_faults("# HELP container_agent_h H.\n"
                              "# TYPE container_agent_h histogram\n"
                              "container_agent_h_bucket{le=\"1\"} 1\n"
                              "container_agent_h_sum 1\n"
                              "container_agent_h_count 1\n")
                 .empty())
    << "no +Inf";
}

} // namespace container_agent::test
