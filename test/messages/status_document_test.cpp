#include "messages/records/status_document.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace container_agent::test {

namespace {

using nlohmann::json;

codec::status_facts some_facts() {
  codec::status_facts facts;
  facts.state = "busy";
  facts.live = true;
  facts.ready = true;
  facts.why = "because";
  facts.uptime = std::chrono::seconds{61};
  using std::chrono::milliseconds;
  facts.conversation = {true,
                        false,
                        "s1",
                        1,
                        2,
                        3,
                        4,
                        5,
                        6,
                        7,
                        8,
                        9,
                        33,
                        34,
                        {},
                        {},
                        milliseconds{15},
                        milliseconds{16},
                        {},
                        {},
                        {25, 26, 27, 28, 29},
                        milliseconds{30},
                        milliseconds{31},
                        {{"q1", "can_use_tool", "Bash", "", milliseconds{35}}},
                        34,
                        33,
                        true,
                        36};
  facts.conversation.turns.add(milliseconds{500});
  facts.child = {true, 77, 10};
  facts.input = {17};
  facts.output = {11, 12, 18, 0, 37};
  facts.supervisor
    = {13, 14, "claude_process", {{"conversation", "runtime_error", 32}}};
  facts.control = {19};
  facts.claude = process_usage{77, 20, milliseconds{21}};
  facts.own = process_usage{78, 22, milliseconds{23}};
  facts.loop_lag = milliseconds{24};
  return facts;
}

} // namespace

TEST(status_document, tells_every_fact_once) {
  EXPECT_EQ(
    codec::status_document(some_facts()),
    R"({"state":"busy","live":true,"ready":true,"why":"because",)"
    R"("uptime_s":61,)"
    R"("claude":{"running":true,"ready":true,"pid":77,"session_id":"s1",)"
    R"("launches":10,"rss_bytes":20,"cpu_ms":21},)"
    R"("prompts":{"in_flight":3,"queued":1,"queued_bytes":2,"accepted":5,)"
    R"("answered":6,"failed":7,"resent":9,"continued":33},)"
    R"("turn":{"age_ms":15,"silence_ms":16},)"
    R"("tasks":{"running":33,"own_turn":true},)"
    R"("requests":{"open":34,"list":[{"id":"q1","subtype":"can_use_tool",)"
    R"("tool":"Bash","summary":null,"age_ms":35}]},)"
    R"("turns":{"duration":{"below_s":[0.05,0.1,0.25,0.5,1.0,2.5,5.0,10.0,)"
    R"(30.0,60.0,120.0,300.0,600.0,1800.0],)"
    R"("counts":[0,0,0,1,0,0,0,0,0,0,0,0,0,0,0],"sum_s":0.5},)"
    R"("first_output":{"below_s":[0.05,0.1,0.25,0.5,1.0,2.5,5.0,10.0,)"
    R"(30.0,60.0,120.0,300.0,600.0,1800.0],)"
    R"("counts":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"sum_s":0.0}},)"
    R"("cost":{"usd":25.0,"input_tokens":26,"output_tokens":27,)"
    R"("cache_read_tokens":28,"cache_creation_tokens":29},)"
    R"("input":{"lines":4,"rejected":8,"control_lost":34,"unread_bytes":17,"held_ms":30},)"
    R"("output":{"pending_bytes":11,"dropped_replies":12,"unread_bytes":18,)"
    R"("held_ms":31,"events_end":36,"read_to":37},)"
    R"("restarts":{"total":13,"in_window":14,"gave_up":"claude_process",)"
    R"("by_actor":[{"actor":"conversation","reason":"runtime_error",)"
    R"("count":32}]},)"
    R"("agent":{"pid":78,"rss_bytes":22,"cpu_ms":23,"loop_lag_ms":24,)"
    R"("control_connections":19},)"
    R"("shutdown":"running"})");
}

TEST(status_document, a_claude_that_is_away_has_no_pid) {
  auto facts = some_facts();
  facts.child.running = false;
  facts.conversation.session_id = "";
  auto document = json::parse(codec::status_document(facts));
  EXPECT_TRUE(document["claude"]["pid"].is_null());
  EXPECT_TRUE(document["claude"]["session_id"].is_null());
  EXPECT_EQ(document["claude"]["running"], false);
}

TEST(status_document, what_is_not_known_is_null) {
  auto document = json::parse(codec::status_document({}));
  for (auto path : {"/claude/rss_bytes", "/claude/cpu_ms", "/turn",
                    "/restarts/gave_up", "/agent/pid", "/agent/rss_bytes",
                    "/agent/cpu_ms", "/agent/loop_lag_ms"})
    EXPECT_TRUE(document.at(json::json_pointer{path}).is_null()) << path;
}

TEST(status_document, names_actors_that_did_not_answer) {
  auto facts = some_facts();
  EXPECT_FALSE(json::parse(codec::status_document(facts)).contains("silent"));
  facts.silent = {"conversation", "pipe_output"};
  EXPECT_EQ(json::parse(codec::status_document(facts))["silent"],
            "conversation,pipe_output");
}

} // namespace container_agent::test
