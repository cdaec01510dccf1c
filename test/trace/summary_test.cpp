#include "main/trace/read/duration_text.hpp"
#include "main/trace/read/quantiles.hpp"
#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace container_agent::test {

namespace {

using testing::HasSubstr;
using testing::Not;

/// A row's cells, without the blanks between them.
std::string row_of(const std::string& table, const std::string& name) {
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + ' '))
      continue;
    line.erase(std::unique(line.begin(), line.end(),
                           [](char a, char b) { return a == ' ' && b == ' '; }),
               line.end());
    return line;
  }
  return "no row " + name;
}

} // namespace

TEST(histograms, are_exact_for_small_values) {
  trace::quantiles times;
  for (std::uint64_t i = 1; i <= 20; ++i)
    times.add(i);
  EXPECT_EQ(times.percentile(50), 10u);
  EXPECT_EQ(times.percentile(99), 20u);
  EXPECT_EQ(times.max(), 20u);
}

TEST(histograms, are_at_most_a_32nd_too_high) {
  for (std::uint64_t value = 1; value < UINT64_MAX / 3; value = value * 3 + 1) {
    trace::quantiles times;
    times.add(value);
    times.add(UINT64_MAX);
    EXPECT_GE(times.percentile(50), value);
    EXPECT_LE(times.percentile(50) - value, value / 32);
  }
}

TEST(histograms, hold_the_largest_value) {
  trace::quantiles times;
  times.add(UINT64_MAX);
  EXPECT_EQ(times.percentile(50), UINT64_MAX);
  EXPECT_EQ(times.max(), UINT64_MAX);
}

TEST(histograms, of_nothing_say_nothing) {
  trace::quantiles times;
  EXPECT_EQ(times.percentile(99), 0u);
  EXPECT_EQ(times.count(), 0u);
}

TEST(duration_texts, have_three_digits_and_the_fitting_unit) {
  EXPECT_EQ(trace::duration_text(0), "0 ns");
  EXPECT_EQ(trace::duration_text(999), "999 ns");
  EXPECT_EQ(trace::duration_text(1000), "1.00 µs");
  EXPECT_EQ(trace::duration_text(12'345), "12.3 µs");
  EXPECT_EQ(trace::duration_text(123'456'789), "123 ms");
  EXPECT_EQ(trace::duration_text(3'400'000'000), "3.40 s");
  EXPECT_EQ(trace::duration_text(5'400'000'000'000), "5400 s");
}

TEST(summaries, have_a_row_for_each_type_and_actor) {
  auto run = run_summary(
    {header_line + message_line() + message_line({{"n", 3}, {"done", 9000}})
     + message_line(
       {{"n", 4}, {"outcome", "failed"}, {"type", "child_input"}})});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(row_of(run.out, "host_line"),
            "host_line 2 0 2.00 µs 2.00 µs 2.00 µs 4.03 µs 6.00 µs 6.00 µs");
  EXPECT_EQ(row_of(run.out, "child_input"),
            "child_input 1 1 2.00 µs 2.00 µs 2.00 µs 4.00 µs 4.00 µs 4.00 µs");
  EXPECT_EQ(row_of(run.out, "conversation").substr(0, 16), "conversation 3 1");
}

TEST(summaries, put_the_most_frequent_first) {
  auto run = run_summary({header_line + message_line({{"type", "a"}})
                          + message_line({{"type", "b"}})
                          + message_line({{"type", "b"}})});
  EXPECT_LT(run.out.find("\nb "), run.out.find("\na "));
}

TEST(summaries, have_no_times_for_what_was_not_taken_up) {
  auto run = run_summary(
    {header_line
     + message_line(
       {{"taken", nullptr}, {"done", nullptr}, {"outcome", "queued"}})});
  EXPECT_EQ(row_of(run.out, "host_line"), "host_line 1 0 - - - - - -");
  EXPECT_THAT(run.out, HasSubstr("1 unfinished"));
}

TEST(summaries, have_totals) {
  auto run = run_summary(
    {header_line + bytes_line() + bytes_line({{"n", 5}})
     + message_line({{"outcome", "skipped"}}) + message_line()
     + R"({"kind":"spawn","n":9,"at":1,"actor":"a","id":1,"incarnation":2})"
       "\n"
       R"({"kind":"dropped","at":1,"count":120})"
       "\n"});
  EXPECT_THAT(run.out, HasSubstr("5 events in 7.00 µs, from "
                                 "2025-11-25T00:20:00.123456Z"));
  EXPECT_THAT(run.out, HasSubstr("1 messages"));
  EXPECT_THAT(run.out, HasSubstr("1 times skipped"));
  EXPECT_THAT(run.out, HasSubstr("1 spawns, 1 of them restarts"));
  EXPECT_EQ(row_of(run.out, "host_input in"), "host_input in 374 bytes");
  EXPECT_THAT(run.out, HasSubstr("120 events missing"));
}

TEST(summaries, are_of_the_events_that_pass_the_filters) {
  auto text = header_line + bytes_line() + message_line()
              + message_line({{"n", 3}, {"type", "child_input"}})
              + message_line({{"n", 4}, {"trace", nullptr}, {"to", "control"}});
  auto of = [&](const trace::event_filter& wanted) {
    auto run = run_summary({text}, wanted);
    EXPECT_EQ(run.code, 0);
    return run.out;
  };
  EXPECT_THAT(of({}), HasSubstr("4 events in "));
  EXPECT_THAT(of({.trace = prompt_trace}), HasSubstr("3 events in "));
  auto typed = of({.types = {"child_input", "none"}});
  EXPECT_THAT(typed, HasSubstr("1 events in 6.00 µs"));
  EXPECT_THAT(typed, Not(HasSubstr("host_line")));
  EXPECT_THAT(of({.actors = {"control"}}), HasSubstr("1 events in "));
  EXPECT_THAT(of({.actors = {"pipe_input"}}), HasSubstr("3 events in "));
  EXPECT_THAT(of({.trace = prompt_trace, .types = {"host_line"}}),
              HasSubstr("1 events in "));
}

TEST(summaries, say_that_nothing_passes_the_filters) {
  auto run = run_summary({header_line + message_line()}, {.types = {"none"}});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("none of the trace's 1 events passes"));
}

TEST(summaries, stand_more_names_than_there_can_be) {
  std::string text = header_line;
  for (int i = 0; i < 1500; ++i)
    text += message_line({{"type", "type" + std::to_string(i)}});
  auto run = run_summary({text});
  EXPECT_EQ(row_of(run.out, "(others)").substr(0, 12), "(others) 500");
}

TEST(summaries, of_an_empty_trace_are_none) {
  auto run = run_summary({""});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
}

} // namespace container_agent::test
