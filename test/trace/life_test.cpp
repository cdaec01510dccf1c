#include "main/trace/tools/mermaid.hpp"
#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace container_agent::test {

namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const std::string one_prompt
  = header_line + bytes_line() + message_line()
    + message_line({{"n", 3},
                    {"from", "conversation"},
                    {"to", "claude_process"},
                    {"type", "child_input"},
                    {"sent", 4000},
                    {"taken", 8000},
                    {"done", 9000},
                    {"cause", 2}})
    + message_line({{"n", 4}, {"trace", std::string(32, '1')}});

tool_run run_mermaid(const std::string& prompt, const std::string& text) {
  return run_convert({"mermaid", prompt, false}, {text});
}

} // namespace

TEST(prompt_trees, are_indented_by_cause) {
  auto run = run_show(prompt_uuid, {one_prompt});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(
    run.out,
    "trace d0c4a1b20123456789abcdef01234567: 3 events in 8.50 µs, from "
    "2025-11-25T00:20:00.123456Z\n"
    "     since      wait      work\n"
    "      0 ns         -         -  host_input in: 187 bytes\n"
    "    500 ns   2.00 µs   4.00 µs    pipe_input → conversation: host_line  "
    "text=187\n"
    "   3.50 µs   4.00 µs   1.00 µs      conversation → claude_process: "
    "child_input  text=187\n");
}

TEST(prompt_trees, are_found_by_trace_id_and_in_capitals) {
  auto by_uuid = run_show(prompt_uuid, {one_prompt});
  EXPECT_EQ(run_show(prompt_trace, {one_prompt}).out, by_uuid.out);
  EXPECT_EQ(run_show("D0C4A1B2-0123-4567-89AB-CDEF01234567", {one_prompt}).out,
            by_uuid.out);
  EXPECT_EQ(run_show("D0C4A1B20123456789ABCDEF01234567", {one_prompt}).out,
            by_uuid.out);
}

TEST(prompt_trees, say_that_there_is_no_such_prompt) {
  auto run = run_show("another", {one_prompt});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("nothing in the trace belongs to"));
}

TEST(prompt_trees, show_each_event_of_a_circle_once) {
  auto run = run_show(prompt_uuid,
                      {header_line + message_line({{"n", 2}, {"cause", 3}})
                       + message_line({{"n", 3}, {"cause", 2}})
                       + message_line({{"n", 4}, {"cause", 4}})});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 5);
}

TEST(prompt_trees, stand_a_long_chain) {
  std::string text = header_line;
  for (int n = 2; n < 20'000; ++n)
    text += message_line({{"n", n}, {"cause", n - 1}});
  auto run = run_show(prompt_uuid, {text});
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 20'000);
}

TEST(prompt_trees, have_a_limit_and_say_what_is_left_out) {
  std::string text = header_line;
  for (std::size_t n = 1; n <= trace::max_life_events + 2; ++n)
    text += "{\"kind\":\"bytes\",\"n\":" + std::to_string(n)
            + ",\"port\":\"control\",\"direction\":\"in\",\"trace\":\""
            + prompt_trace + "\"}\n";
  auto run = run_show(prompt_uuid, {text});
  EXPECT_THAT(run.err, HasSubstr("2 more events of this prompt"));
}

TEST(prompt_trees, put_no_control_characters_into_a_terminal) {
  auto run = run_show(prompt_uuid, {header_line
                                    + message_line({{"summary", "\x1b[2J\r"},
                                                    {"payload", "\u009b2J"}})});
  EXPECT_THAT(run.out, EndsWith("\\x1b[2J\\x0d  \\x9b2J\n"));
}

TEST(mermaid_diagrams, show_a_prompts_life) {
  auto run = run_mermaid(prompt_uuid, one_prompt);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "sequenceDiagram\n"
                     "  participant p1 as pipe_input\n"
                     "  participant p2 as conversation\n"
                     "  participant p3 as claude_process\n"
                     "  Note over p1: host_input in, 187 bytes\n"
                     "  p1->>p2: host_line text=187\n"
                     "  activate p2\n"
                     "  p2->>p3: child_input text=187\n"
                     "  deactivate p2\n");
}

TEST(mermaid_diagrams, need_a_prompt_that_is_there) {
  EXPECT_THAT(run_mermaid("", one_prompt).err, HasSubstr("--prompt"));
  EXPECT_EQ(run_mermaid("", one_prompt).code, 1);
  EXPECT_EQ(run_mermaid("x", one_prompt).code, 1);
  EXPECT_EQ(run_mermaid("x", one_prompt).out, "");
}

TEST(mermaid_diagrams, activate_and_deactivate_in_pairs) {
  // As nothing that the agent writes: handlers of one actor that overlap.
  std::string text = header_line;
  for (int n = 2; n < 50; ++n)
    text += message_line({{"n", n},
                          {"cause", n - 1},
                          {"sent", n * 10},
                          {"taken", n * 10 + n % 3},
                          {"done", n * 10 + n % 7 + 3}});
  std::istringstream lines{run_mermaid(prompt_uuid, text).out};
  int active = 0;
  for (std::string line; std::getline(lines, line);) {
    active += line.starts_with("  activate") ? 1 : 0;
    active -= line.starts_with("  deactivate") ? 1 : 0;
    ASSERT_GE(active, 0);
    ASSERT_LE(active, 1);
  }
  EXPECT_EQ(active, 0);
}

TEST(mermaid_diagrams, mark_what_failed) {
  auto run = run_mermaid(
    prompt_uuid, header_line + message_line({{"outcome", "undelivered"}}));
  EXPECT_THAT(run.out, HasSubstr("p1-xp2: host_line text=187 (undelivered)"));
}

TEST(mermaid_texts, mean_nothing_to_mermaid) {
  EXPECT_EQ(trace::mermaid_text("a_b = 1.5, (x)/Y"), "a_b = 1.5, (x)/Y");
  EXPECT_EQ(trace::mermaid_text("a;b#c:d"), "a#59;b#35;c#58;d");
  EXPECT_EQ(trace::mermaid_text("<b>%%\n-->"),
            "#60;b#62;#37;#37; #45;#45;#62;");
  EXPECT_EQ(trace::mermaid_text("é€😀"), "#233;#8364;#128512;");
  EXPECT_EQ(trace::mermaid_text(std::string(201, 'x')),
            std::string(200, 'x') + "...");
}

TEST(conversions, are_to_something_known) {
  auto run = run_convert({"pdf", {}, false}, {one_prompt});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("\"pdf\""));
}

TEST(trace_pages, have_the_lines_in_them) {
  auto page = "<html>" + std::string{trace::view_marker} + "</html>\n";
  auto line = message_line({{"summary", "</script><b>"}});
  auto run = run_view(page, {header_line + line + "{\"kind\":", header_line});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("1 torn last line"));
  EXPECT_THAT(run.out, HasSubstr("\\u003c/script>\\u003cb>"));
  EXPECT_THAT(run.out, Not(HasSubstr("</script><b>")));
  EXPECT_THAT(run.out, EndsWith("</script></html>\n"));
  auto begin = run.out.find("trace-file\">\n") + 13;
  auto lines = run.out.substr(begin, run.out.find("</script>") - begin);
  std::istringstream stream{lines};
  std::vector<std::string> read;
  for (std::string text; std::getline(stream, text);)
    read.push_back(text + '\n');
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0], header_line);
  EXPECT_EQ(nlohmann::json::parse(read[1]), nlohmann::json::parse(line));
}

TEST(trace_pages, need_a_place_for_the_lines) {
  auto run = run_view("<html></html>", {one_prompt});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
}

TEST(trace_pages, hold_the_last_events_with_their_header) {
  auto page = std::string{trace::view_marker};
  std::string text = header_line;
  for (int n = 1; n <= 9; ++n)
    text += message_line({{"n", n}});
  auto run = run_view(page, {text}, {.events = 2});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("7 older events are not in the page"));
  auto kept = "trace-file\">\n{\"kind\":\"left_out\",\"count\":7}\n"
              + header_line + message_line({{"n", 8}})
              + message_line({{"n", 9}}) + "</script>";
  EXPECT_THAT(run.out, EndsWith(kept));
}

TEST(trace_pages, hold_no_more_bytes_than_they_may) {
  auto line = message_line();
  auto text = header_line + line + header_line + line + line;
  trace::view_limits just{.bytes = header_line.size() + 2 * line.size()};
  auto run = run_view(std::string{trace::view_marker}, {text}, just);
  EXPECT_THAT(run.err, HasSubstr("1 older events are not"));
  EXPECT_THAT(run.out, EndsWith(header_line + line + line + "</script>"));
  just.bytes = text.size();
  run = run_view(std::string{trace::view_marker}, {text}, just);
  EXPECT_EQ(run.err, "");
}

} // namespace container_agent::test
