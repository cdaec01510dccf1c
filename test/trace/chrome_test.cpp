#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<nlohmann::json> chrome_events(const std::vector<std::string>& text,
                                          const std::string& phase) {
  auto run = run_convert({"chrome", {}, false}, text);
  EXPECT_EQ(run.code, 0) << run.err;
  auto document = nlohmann::json::parse(run.out);
  std::vector<nlohmann::json> result;
  for (const auto& event : document.at("traceEvents"))
    if (event.at("ph") == phase)
      result.push_back(event);
  return result;
}

std::map<std::string, int> tracks_of(const std::vector<std::string>& text) {
  std::map<std::string, int> result;
  for (const auto& event : chrome_events(text, "M"))
    if (event.at("name") == "thread_name")
      result[event.at("args").at("name")] = event.at("tid");
  return result;
}

} // namespace

TEST(chrome_traces, show_handling_as_a_slice_on_the_actors_track) {
  auto text = header_line + message_line();
  auto slices = chrome_events({text}, "X");
  ASSERT_EQ(slices.size(), 1u);
  const auto& slice = slices.front();
  EXPECT_EQ(slice.at("name"), "host_line");
  EXPECT_EQ(slice.at("ts"), 3.0);
  EXPECT_EQ(slice.at("dur"), 4.0);
  EXPECT_EQ(slice.at("tid"), tracks_of({text}).at("conversation"));
  const auto& args = slice.at("args");
  EXPECT_EQ(args.at("n"), 2);
  EXPECT_EQ(args.at("cause"), 1);
  EXPECT_EQ(args.at("trace"), prompt_trace);
  EXPECT_EQ(args.at("summary"), "text=187");
  EXPECT_EQ(args.at("outcome"), "handled");
  EXPECT_EQ(args.at("queued_us"), 2.0);
}

TEST(chrome_traces, keep_nanoseconds) {
  auto run = run_convert({"chrome", {}, false},
                         {header_line
                          + message_line({{"sent", 5000000000000001},
                                          {"taken", 5000000000000002},
                                          {"done", 5000000000001009}})});
  EXPECT_THAT(run.out, HasSubstr(R"("ts":5000000000000.002,"dur":1.007)"));
}

TEST(chrome_traces, show_waiting_as_an_asynchronous_slice) {
  auto text = header_line + message_line();
  auto begin = chrome_events({text}, "b");
  auto end = chrome_events({text}, "e");
  ASSERT_EQ(begin.size(), 1u);
  ASSERT_EQ(end.size(), 1u);
  EXPECT_EQ(begin[0].at("ts"), 1.0);
  EXPECT_EQ(end[0].at("ts"), 3.0);
  for (const auto* name : {"name", "cat", "id", "pid", "tid"})
    EXPECT_EQ(begin[0].at(name), end[0].at(name)) << name;
  EXPECT_EQ(begin[0].at("name"), "conversation mailbox");
  EXPECT_EQ(begin[0].at("args").at("type"), "host_line");
}

TEST(chrome_traces, draw_an_arrow_from_the_sender_to_the_receiver) {
  auto text = header_line + message_line();
  auto tracks = tracks_of({text});
  auto from = chrome_events({text}, "s");
  auto to = chrome_events({text}, "f");
  ASSERT_EQ(from.size(), 1u);
  ASSERT_EQ(to.size(), 1u);
  EXPECT_EQ(from[0].at("tid"), tracks.at("pipe_input"));
  EXPECT_EQ(from[0].at("ts"), 1.0);
  EXPECT_EQ(to[0].at("tid"), tracks.at("conversation"));
  EXPECT_EQ(to[0].at("ts"), 3.0);
  EXPECT_EQ(to[0].at("bp"), "e");
  EXPECT_EQ(from[0].at("id"), to[0].at("id"));
}

TEST(chrome_traces, draw_an_arrow_from_the_boundary_or_timer_that_caused_it) {
  auto text = header_line + bytes_line() + message_line({{"from", nullptr}});
  auto from = chrome_events({text}, "s");
  ASSERT_EQ(from.size(), 1u);
  EXPECT_EQ(from[0].at("tid"), tracks_of({text}).at("host_input (bytes)"));
  EXPECT_EQ(from[0].at("ts"), 0.5);

  text = header_line
         + R"({"kind":"timer","n":1,"at":250,"due":900,"actor":"control",)"
           R"("id":1,"type":"tick"})"
           "\n"
         + message_line();
  from = chrome_events({text}, "s");
  ASSERT_EQ(from.size(), 1u);
  EXPECT_EQ(from[0].at("tid"), tracks_of({text}).at("control"));
  EXPECT_EQ(from[0].at("ts"), 0.25);
}

TEST(chrome_traces, draw_no_arrow_from_nowhere) {
  EXPECT_TRUE(
    chrome_events({header_line + message_line({{"from", nullptr}})}, "s")
      .empty());
}

TEST(chrome_traces, put_tracks_in_the_order_of_the_flow) {
  auto tracks
    = tracks_of({header_line + message_line({{"to", "pipe_output"}})
                 + message_line({{"from", "claude_process"}})
                 + message_line({{"from", "supervisor"}})
                 + bytes_line({{"n", 50}}) + message_line({{"from", "control"}})
                 + bytes_line({{"port", "control"}, {"n", 51}})
                 + message_line({{"from", "a stranger"}})});
  std::map<int, std::string> order;
  for (const auto& [name, id] : tracks)
    order[id] = name;
  std::vector<std::string> names;
  for (const auto& [id, name] : order)
    names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("host_input (bytes)", "pipe_input", "conversation",
                          "claude_process", "pipe_output", "supervisor",
                          "control", "control (bytes)", "a stranger"));
}

TEST(chrome_traces, keep_an_actor_on_its_track_over_restarts) {
  auto spawn = [](int n, int incarnation) {
    return trace_line({{"kind", "spawn"},
                       {"n", n},
                       {"at", n},
                       {"actor", "control"},
                       {"id", n},
                       {"incarnation", incarnation}},
                      nlohmann::ordered_json::object());
  };
  auto end = std::string{
    R"({"kind":"end","n":5,"at":5,"actor":"control","id":1,"failed":true,)"
    R"("reason":"a \"b\""})"
    "\n"};
  auto marks
    = chrome_events({header_line + spawn(1, 1) + end + spawn(6, 2)}, "i");
  ASSERT_EQ(marks.size(), 3u);
  EXPECT_EQ(marks[0].at("name"), "spawn");
  EXPECT_EQ(marks[1].at("name"), "end: failed");
  EXPECT_EQ(marks[1].at("args").at("reason"), "a \"b\"");
  EXPECT_EQ(marks[2].at("name"), "restart");
  EXPECT_EQ(marks[0].at("tid"), marks[2].at("tid"));
}

TEST(chrome_traces, count_bytes_and_mailboxes) {
  auto counters
    = chrome_events({header_line + bytes_line() + bytes_line({{"n", 9}})
                     + message_line({{"depth", 3}})},
                    "C");
  ASSERT_EQ(counters.size(), 4u);
  EXPECT_EQ(counters[0].at("name"), "host_input bytes");
  EXPECT_EQ(counters[0].at("args").at("in"), 187);
  EXPECT_EQ(counters[1].at("args").at("in"), 374);
  EXPECT_EQ(counters[2].at("name"), "conversation mailbox");
  EXPECT_EQ(counters[2].at("args").at("depth"), 3);
  EXPECT_EQ(counters[3].at("args").at("depth"), 0);
}

TEST(chrome_traces, show_what_a_dump_found_unfinished) {
  auto queued
    = header_line
      + message_line(
        {{"taken", nullptr}, {"done", nullptr}, {"outcome", "queued"}});
  EXPECT_EQ(chrome_events({queued}, "b").size(), 1u);
  EXPECT_TRUE(chrome_events({queued}, "e").empty());
  EXPECT_TRUE(chrome_events({queued}, "X").empty());
  auto running
    = header_line + message_line({{"done", nullptr}, {"outcome", "running"}});
  EXPECT_EQ(chrome_events({running}, "B").size(), 1u);
}

TEST(chrome_traces, show_a_skipped_message_each_time_but_one_arrow) {
  auto text = header_line + message_line({{"outcome", "skipped"}})
              + message_line({{"taken", 9000}, {"done", 9500}});
  EXPECT_EQ(chrome_events({text}, "X").size(), 2u);
  EXPECT_EQ(chrome_events({text}, "s").size(), 1u);
  EXPECT_EQ(chrome_events({text}, "b").size(), 1u);
}

TEST(chrome_traces, mark_what_was_never_delivered) {
  auto text = header_line
              + message_line({{"taken", nullptr}, {"outcome", "undelivered"}});
  auto marks = chrome_events({text}, "i");
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].at("args").at("outcome"), "undelivered");
  EXPECT_EQ(chrome_events({text}, "e").size(), 1u);
}

TEST(chrome_traces, say_where_events_are_missing) {
  auto marks = chrome_events(
    {header_line + "{\"kind\":\"dropped\",\"at\":1,\"count\":120}\n"}, "i");
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].at("name"), "120 events missing");
}

TEST(chrome_traces, let_no_text_break_the_document) {
  std::string bad = "\"\\\n\x01</script>\xe2\x80\xa8é";
  auto slices = chrome_events({header_line
                               + message_line({{"type", bad},
                                               {"to", bad},
                                               {"from", bad},
                                               {"summary", bad},
                                               {"payload", bad},
                                               {"outcome", bad}})},
                              "X");
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(slices[0].at("name"), bad);
  EXPECT_EQ(slices[0].at("args").at("payload"), bad);
}

TEST(chrome_traces, name_the_process) {
  auto header = trace_line(nlohmann::ordered_json::parse(header_line),
                           {{"agent", "0.1 \"b\""}});
  auto names = chrome_events({header}, "M");
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names[0].at("name"), "process_name");
  EXPECT_EQ(names[0].at("args").at("name"),
            "container-agent 0.1 \"b\" (process 7)");
}

TEST(chrome_traces, tell_runs_apart_and_put_them_on_one_axis) {
  auto later = header_line;
  later.replace(later.find("123456,"), 6, "123458");
  auto slices = chrome_events(
    {header_line + message_line(), later + message_line()}, "X");
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_NE(slices[0].at("pid"), slices[1].at("pid"));
  EXPECT_EQ(slices[1].at("ts"), 5.0);
  auto arrows = chrome_events(
    {header_line + message_line(), later + message_line()}, "s");
  EXPECT_NE(arrows[0].at("id"), arrows[1].at("id"));
}

TEST(chrome_traces, go_on_with_a_run_after_rotation) {
  auto slices = chrome_events(
    {header_line + message_line(), header_line + message_line({{"n", 3}})},
    "X");
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0].at("pid"), slices[1].at("pid"));
  EXPECT_EQ(slices[0].at("tid"), slices[1].at("tid"));
}

} // namespace container_agent::test
