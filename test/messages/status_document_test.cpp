#include "messages/codec/status_document.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace container_agent::test {

namespace {

using nlohmann::json;

codec::status_facts some_facts() {
  codec::status_facts facts;
  facts.state = "busy";
  facts.uptime = std::chrono::seconds{61};
  facts.conversation = {true, "s1", 1, 2, 3, 4, 5, 6, 7, 8, 9};
  facts.child = {true, 77, 10};
  facts.output = {11, 12};
  facts.supervisor = {13, 14};
  return facts;
}

} // namespace

TEST(status_document, tells_every_fact_once) {
  EXPECT_EQ(
    codec::status_document(some_facts()),
    R"({"state":"busy","uptime_s":61,)"
    R"("claude":{"running":true,"ready":true,"pid":77,"session_id":"s1",)"
    R"("launches":10},)"
    R"("prompts":{"in_flight":3,"queued":1,"queued_bytes":2,"accepted":5,)"
    R"("answered":6,"failed":7,"resent":9},)"
    R"("input":{"lines":4,"rejected":8},)"
    R"("output":{"pending_bytes":11,"dropped_replies":12},)"
    R"("restarts":{"total":13,"in_window":14}})");
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

TEST(status_document, names_actors_that_did_not_answer) {
  auto facts = some_facts();
  EXPECT_FALSE(json::parse(codec::status_document(facts)).contains("silent"));
  facts.silent = "conversation,pipe_output";
  EXPECT_EQ(json::parse(codec::status_document(facts))["silent"],
            "conversation,pipe_output");
}

} // namespace container_agent::test
