#include "messages/records/agent_record.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

const codec::record_time noon{
  std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 12h + 34min + 56s
    + 789ms,
  1024};

/// What every record begins with.
std::string head(const std::string& subtype) {
  return R"({"type":"container_agent","subtype":")" + subtype
         + R"(","time":"2026-11-23T12:34:56.789Z","offset":1024)";
}

} // namespace

TEST(agent_record, ready) {
  EXPECT_EQ(codec::ready_record(noon, {3, 77, true, false}, "s1", 500),
            head("ready")
              + R"(,"pid":77,"session_id":"s1","attached":false,)"
                R"("resumed":true,"read_to":500})"
                "\n");
}

TEST(agent_record, ready_before_a_session_is_known) {
  EXPECT_EQ(codec::ready_record(noon, {3, 77, false, true}, "", 0),
            head("ready")
              + R"(,"pid":77,"session_id":null,"attached":true,)"
                R"("resumed":false,"read_to":0})"
                "\n");
}

TEST(agent_record, accepted) {
  EXPECT_EQ(codec::accepted_record(noon, {"u1", 4}),
            head("accepted")
              + R"(,"uuid":"u1","position":4})"
                "\n");
  EXPECT_EQ(codec::accepted_record(noon, {"u1", 0, true}),
            head("accepted")
              + R"(,"uuid":"u1","position":0,"duplicate":true})"
                "\n");
  EXPECT_EQ(codec::accepted_record(noon, {"u1", 0, false, {7, 19}}),
            head("accepted")
              + R"(,"uuid":"u1","position":0,"input_from":7,"input_to":19})"
                "\n");
}

TEST(agent_record, rejected) {
  EXPECT_EQ(codec::rejected_record(noon, {"too_long", "17 bytes", 9, "", "ab"}),
            head("rejected")
              + R"(,"reason":"too_long","detail":"17 bytes","line":9,)"
                R"("excerpt":"ab"})"
                "\n");
  EXPECT_EQ(
    codec::rejected_record(noon, {"invalid_json", "x", 9, "u1", "", {0, 5}}),
    head("rejected")
      + R"(,"reason":"invalid_json","detail":"x","line":9,)"
        R"("uuid":"u1","excerpt":"","input_from":0,"input_to":5})"
        "\n");
}

TEST(agent_record, claude_exited_with_a_code_or_a_signal) {
  child_ended end;
  end.pid = 77;
  end.exit_code = 3;
  EXPECT_EQ(codec::claude_exited_record(noon, end, "u1"),
            head("claude_exited")
              + R"(,"pid":77,"exit_code":3,"uuid":"u1"})"
                "\n");
  end.signal = 9;
  EXPECT_EQ(codec::claude_exited_record(noon, end, ""),
            head("claude_exited")
              + R"(,"pid":77,"signal":9})"
                "\n");
}

TEST(agent_record, claude_exited_says_what_was_cut) {
  child_ended end;
  end.pid = 77;
  const codec::event_range line{600, 613}; // 12 bytes and a line feed
  EXPECT_EQ(codec::claude_exited_record(noon, end, "", line),
            head("claude_exited")
              + R"(,"pid":77,"exit_code":0,"cut_bytes":12,"cut_from":600})"
                "\n");
}

TEST(agent_record, restarting) {
  EXPECT_EQ(codec::restarting_record(
              noon, {"claude_process", 2, 400ms, "ended by signal 9"}),
            head("restarting")
              + R"(,"attempt":2,"delay_ms":400,)"
                R"("reason":"ended by signal 9"})"
                "\n");
}

TEST(agent_record, resent_failed_session_lost_and_stopping) {
  EXPECT_EQ(codec::resent_record(noon, "u1", 2),
            head("resent")
              + R"(,"uuid":"u1","attempt":2})"
                "\n");
  EXPECT_EQ(codec::failed_record(noon, "u1", "crashed", ""),
            head("failed")
              + R"(,"uuid":"u1","reason":"crashed"})"
                "\n");
  EXPECT_EQ(codec::failed_record(noon, "u1", "crashed", "4 times"),
            head("failed")
              + R"(,"uuid":"u1","reason":"crashed","detail":"4 times"})"
                "\n");
  EXPECT_EQ(codec::session_lost_record(noon, "s1", "EISDIR"),
            head("session_lost")
              + R"(,"session_id":"s1","reason":"EISDIR"})"
                "\n");
  EXPECT_EQ(codec::stopping_record(noon, "SIGTERM"),
            head("stopping")
              + R"(,"reason":"SIGTERM"})"
                "\n");
}

TEST(agent_record, continued_names_both_uuids) {
  EXPECT_EQ(codec::continued_record(noon, "u1", "c1", 2),
            head("continued")
              + R"(,"uuid":"u1","continue_uuid":"c1","attempt":2})"
                "\n");
}

TEST(agent_record, restored_lists_what_was_and_what_was_not) {
  EXPECT_EQ(
    codec::restored_record(
      noon, {true, {"set_model", "set_permission_mode"}, {"mcp_toggle"}, {}}),
    head("restored")
      + R"(,"initialize":true,"settings":["set_model",)"
        R"("set_permission_mode"],"refused":["mcp_toggle"]})"
        "\n");
  EXPECT_EQ(codec::restored_record(noon, {false, {}, {}, "nothing is sent"}),
            head("restored")
              + R"(,"initialize":false,"settings":[],"refused":[],)"
                R"("detail":"nothing is sent"})"
                "\n");
}

TEST(agent_record, status_holds_the_documents_members) {
  EXPECT_EQ(codec::status_record(noon, R"({"state":"ready","x":{"y":1}})"),
            head("status")
              + R"(,"state":"ready","x":{"y":1}})"
                "\n");
}

TEST(agent_record, ended_and_checkpoint) {
  EXPECT_EQ(codec::ended_record(noon), head("ended") + "}\n");
  EXPECT_EQ(codec::checkpoint_record(noon, R"({"input":7})"),
            head("checkpoint") + R"(,"state":{"input":7}})" + '\n');
}

TEST(agent_record, is_read_again_as_far_as_a_fold_wants_it) {
  auto record = codec::read_record(
    codec::accepted_record(noon, {"u1", 4, true, {7, 19}}));
  EXPECT_EQ(record.subtype, "accepted");
  EXPECT_EQ(record.uuid, "u1");
  EXPECT_TRUE(record.duplicate);
  EXPECT_EQ(record.input.from, 7u);
  EXPECT_EQ(record.input.to, 19u);
  record = codec::read_record(
    codec::rejected_record(noon, {"too_long", "x", 9, "u1", "ab", {0, 5}}));
  EXPECT_EQ(record.subtype, "rejected");
  EXPECT_EQ(record.reason, "too_long");
  EXPECT_EQ(record.input.to, 5u);
  record = codec::read_record(codec::continued_record(noon, "u1", "c1", 2));
  EXPECT_EQ(record.continue_uuid, "c1");
  EXPECT_EQ(record.attempt, 2u);
  record = codec::read_record(
    codec::ready_record(noon, {3, 77, false, true}, "s1", 0));
  EXPECT_EQ(record.pid, 77);
  EXPECT_TRUE(record.attached);
}

TEST(agent_record, of_what_is_none_nothing_is_read) {
  for (auto line : {"", "{", "[]", "7", "null", R"({"subtype":7,"uuid":null})",
                    R"({"pid":-1,"input_to":"x","attached":1})"}) {
    auto record = codec::read_record(line);
    EXPECT_EQ(record.subtype, "") << line;
    EXPECT_EQ(record.uuid, "") << line;
    EXPECT_EQ(record.pid, 0) << line;
    EXPECT_EQ(record.input.to, 0u) << line;
    EXPECT_FALSE(record.attached) << line;
  }
}

TEST(agent_record, whatever_it_quotes_it_stays_one_line_of_valid_json) {
  auto line = codec::rejected_record(
    noon, {"invalid_json", "a\nb\"c\\\x01\xff\xc3", 1, "\xfe", "\xfe\n"});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  auto record = nlohmann::json::parse(line);
  EXPECT_EQ(record["detail"], "a\nb\"c\\\x01\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(record["uuid"], "\xef\xbf\xbd");
}

TEST(agent_record, an_excerpt_shows_the_first_80_bytes_of_what_was_refused) {
  const std::string much(79, 'x');
  EXPECT_EQ(codec::excerpt_of(much + "yz"), much + 'y');
  EXPECT_EQ(codec::excerpt_of(much + "\xc3\xa9z"), much)
    << "no character is cut";
  EXPECT_EQ(codec::excerpt_of("{\x1b[2J\t\x9b\xc2\x9b\"\n"),
            "{\\x1b[2J\\t\xef\xbf\xbd\\x9b\"\\n")
    << "nothing in it moves a cursor";
}

} // namespace container_agent::test
