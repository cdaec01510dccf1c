#include "messages/codec/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

namespace {

using codec::envelope;
using codec::envelope_scanner;
using codec::read_envelope;
using testing::ElementsAre;
using testing::IsEmpty;

// Lines that Claude Code 2.1.330 wrote, only shortened where members repeat.
const std::string queued
  = R"({"type":"command_lifecycle","command_uuid":"24edf91d-434c-40cf-905a-e0850edf31c9","state":"queued","uuid":"763a76d6-bda2-463c-9554-ee4f62b7818e","session_id":"497abe98-a5f6-4d9d-a257-9b3535c1f600"})";
const std::string replay
  = R"({"type":"user","message":{"role":"user","content":"hi"},"session_id":"497abe98-a5f6-4d9d-a257-9b3535c1f600","parent_tool_use_id":null,"uuid":"24edf91d-434c-40cf-905a-e0850edf31c9","timestamp":"2026-11-23T13:07:25.142Z","isReplay":true})";
const std::string assistant
  = R"({"type":"assistant","message":{"id":"msg_c90714e3","type":"message","role":"assistant","content":[{"type":"text","text":"You said: hi"}]},"session_id":"497abe98-a5f6-4d9d-a257-9b3535c1f600","uuid":"b8d6056a-638f-4358-806f-81ff25d4d8af"})";
const std::string result
  = R"({"duration_api_ms":121,"stop_reason":"end_turn","session_id":"497abe98-a5f6-4d9d-a257-9b3535c1f600","total_cost_usd":0.000112,"usage":{"input_tokens":3,"iterations":[],"type":"none"},"permission_denials":[],"is_error":false,"num_turns":1,"subtype":"success","api_error_status":null,"result":"You said: hi","ttft_ms":304,"type":"result","duration_ms":354,"uuid":"d3690a62-d151-409c-a258-695177aa06dc","user_message_uuid":"24edf91d-434c-40cf-905a-e0850edf31c9","user_message_uuids":["24edf91d-434c-40cf-905a-e0850edf31c9"],"model_usage_since_last_result":{"type":"x"}})";
const std::string interrupted
  = R"({"duration_api_ms":0,"stop_reason":null,"session_id":"1b0dc88e-0d33-4037-9bf3-80b76c497423","terminal_reason":"aborted_streaming","is_error":true,"num_turns":2,"subtype":"error_during_execution","errors":["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"],"user_message_uuid":"d983b4be-15af-47ea-80d3-ab223d1bb120","type":"result","user_message_uuids":["d983b4be-15af-47ea-80d3-ab223d1bb120"],"queued_turn_count":0})";
const std::string initialized
  = R"({"type":"control_response","response":{"subtype":"success","request_id":"container_agent:1","response":{"commands":[{"name":"x","request_id":"no"}],"pid":7}}})";
const std::string permission
  = R"({"type":"control_request","request_id":"896b7630-9ed8-4bbc-947d-d06bf2f056cd","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"touch"},"request_id":"inner"}})";

/// All that an envelope holds, to compare two of them.
auto all_of(const envelope& e) {
  return std::tuple{e.type,        e.subtype,
                    e.session_id,  e.uuid,
                    e.request_id,  e.command_uuid,
                    e.state,       e.result,
                    e.first_error, e.user_message_uuids,
                    e.is_error,    e.is_replay,
                    e.is_object,   e.result_too_long};
}

} // namespace

TEST(envelope, of_a_command_lifecycle) {
  auto e = read_envelope(queued);
  EXPECT_TRUE(e.is_object);
  EXPECT_EQ(e.type, "command_lifecycle");
  EXPECT_EQ(e.command_uuid, "24edf91d-434c-40cf-905a-e0850edf31c9");
  EXPECT_EQ(e.state, "queued");
  EXPECT_EQ(e.uuid, "763a76d6-bda2-463c-9554-ee4f62b7818e");
  EXPECT_EQ(e.session_id, "497abe98-a5f6-4d9d-a257-9b3535c1f600");
}

TEST(envelope, of_a_replay) {
  auto e = read_envelope(replay);
  EXPECT_EQ(e.type, "user");
  EXPECT_TRUE(e.is_replay);
  EXPECT_EQ(e.uuid, "24edf91d-434c-40cf-905a-e0850edf31c9");
}

TEST(envelope, of_a_result_whose_type_stands_in_the_middle) {
  auto e = read_envelope(result, 100);
  EXPECT_EQ(e.type, "result");
  EXPECT_EQ(e.subtype, "success");
  EXPECT_EQ(e.result, "You said: hi");
  EXPECT_FALSE(e.is_error);
  EXPECT_FALSE(e.result_too_long);
  EXPECT_EQ(e.uuid, "d3690a62-d151-409c-a258-695177aa06dc");
  EXPECT_THAT(e.user_message_uuids,
              ElementsAre("24edf91d-434c-40cf-905a-e0850edf31c9"));
}

TEST(envelope, of_an_error_result) {
  auto e = read_envelope(interrupted);
  EXPECT_EQ(e.type, "result");
  EXPECT_TRUE(e.is_error);
  EXPECT_EQ(e.first_error, "[ede_diagnostic] result_type=user "
                           "last_content_type=n/a stop_reason=null");
}

TEST(envelope, only_the_first_error_is_kept) {
  EXPECT_EQ(
    read_envelope(R"({"errors":["a","b"],"type":"result"})").first_error, "a");
}

TEST(envelope, of_a_response_has_the_request_id_that_stands_within) {
  auto e = read_envelope(initialized);
  EXPECT_EQ(e.type, "control_response");
  EXPECT_EQ(e.request_id, "container_agent:1");
  EXPECT_EQ(e.subtype, "success") << "the response's own";
}

TEST(envelope, of_a_request_has_the_request_id_that_stands_outside) {
  EXPECT_EQ(read_envelope(permission).request_id,
            "896b7630-9ed8-4bbc-947d-d06bf2f056cd");
}

TEST(envelope, the_scan_ends_early_for_types_without_interest) {
  auto e = read_envelope(assistant);
  EXPECT_EQ(e.type, "assistant");
  EXPECT_TRUE(e.is_object);
  EXPECT_EQ(e.session_id, "") << "behind the type: not looked at";
  EXPECT_EQ(read_envelope(R"({"type":"stream_event","uuid":"u"})").uuid, "");
  EXPECT_EQ(read_envelope(R"({"type":"systems","uuid":"u"})").uuid, "u");
}

TEST(envelope, several_merged_prompts_are_all_named) {
  EXPECT_THAT(
    read_envelope(R"({"user_message_uuids": [ "a" , "b","c"],"type":"result"})")
      .user_message_uuids,
    ElementsAre("a", "b", "c"));
}

TEST(envelope, at_most_1024_prompts_are_kept) {
  std::string line = R"({"user_message_uuids":["0")";
  for (int i = 1; i < 1030; ++i)
    line += ",\"" + std::to_string(i) + '"';
  auto e = read_envelope(line + "]}");
  EXPECT_EQ(e.user_message_uuids.size(), 1024u);
  EXPECT_EQ(e.user_message_uuids.back(), "1023");
}

TEST(envelope, members_of_inner_objects_do_not_count) {
  auto e = read_envelope(
    R"({"a":{"type":"x","uuid":"x","b":{"type":"y"}},"c":[{"type":"z"},"type",["type","w"]],"type":"system"})");
  EXPECT_EQ(e.type, "system");
  EXPECT_EQ(e.uuid, "");
}

TEST(envelope, keys_behind_an_inner_container_are_keys_again) {
  auto e = read_envelope(
    R"({"a":[1,[2,{"k":"v"}]],"type":"t","b":{"c":[{}],"d":"e"},"uuid":"u"})");
  EXPECT_EQ(e.type, "t");
  EXPECT_EQ(e.uuid, "u");
}

TEST(envelope, strings_that_look_like_json_stay_strings) {
  auto e = read_envelope(
    R"({"x":"\"type\":\"no\"} {","y":"\\","type":"user","z":"}"})");
  EXPECT_EQ(e.type, "user");
  EXPECT_TRUE(e.is_object);
}

TEST(envelope, escapes_in_keys_and_values_are_read) {
  auto e = read_envelope(
    R"({"\u0074ype":"us\u0065r","uuid":"a\"b\\c\n","session_id":"\ud83d\ude00"})");
  EXPECT_EQ(e.type, "user");
  EXPECT_EQ(e.uuid, "a\"b\\c\n");
  EXPECT_EQ(e.session_id, "\xf0\x9f\x98\x80");
}

TEST(envelope, all_escapes_mean_what_json_says) {
  auto text = [](const std::string& value) {
    return read_envelope(R"({"type":"result","result":")" + value + "\"}", 100)
      .result;
  };
  EXPECT_EQ(text(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(text(R"(a\u0041\u00e9\u20AC\ud83d\ude00z)"),
            "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
  EXPECT_EQ(text(R"(\ud800\udc00\udbff\udfff)"),
            "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(text(R"(\x\u12g4\u12)"), R"(\x\u12g4\u12)") << "no escapes";
}

TEST(envelope, half_a_surrogate_pair_becomes_a_replacement_character) {
  const std::string mark{"\xef\xbf\xbd"};
  auto text = [](const std::string& value) {
    return read_envelope(R"({"type":"result","result":")" + value + "\"}", 100)
      .result;
  };
  EXPECT_EQ(text(R"(It is \ud83d, is it?)"), "It is " + mark + ", is it?");
  EXPECT_EQ(text(R"(\ud83d)"), mark);
  EXPECT_EQ(text(R"(\ude00x)"), mark + "x");
  EXPECT_EQ(text(R"(\ud83d\u0041)"), mark + "A");
  EXPECT_EQ(text(R"(\ud83d\n)"), mark + "\n");
  EXPECT_EQ(text(R"(\ud83d\ud83d\ude00)"), mark + "\xf0\x9f\x98\x80");
  EXPECT_EQ(text(R"(\ud83d\ude0)"), mark + R"(\ude0)");
}

TEST(envelope, what_shows_nothing_does_not_hide_the_object_behind_it) {
  for (const std::string front :
       {"\xef\xbb\xbf", "\x1b[0m", "\x1b[?25l\x1b[2K\r", "\x1b]0;claude {1}\a",
        "\x1b]0;a\x1b b\x1b\\", "\x1b(B", "\x1b=", "\a\b\x7f",
        "\xef\xbb\xbf \x1b[1;31m"}) {
    EXPECT_EQ(all_of(read_envelope(front + result, 100)),
              all_of(read_envelope(result, 100)))
      << testing::PrintToString(front);
    EXPECT_FALSE(read_envelope(front + "x" + result).is_object)
      << "text is no such thing";
    EXPECT_FALSE(read_envelope(front).is_object);
  }
  EXPECT_FALSE(read_envelope("\xc3\xa9" + result).is_object);
}

TEST(envelope, of_two_members_with_the_same_name_the_last_counts) {
  auto e = read_envelope(
    R"({"type":"user","type":"result","is_error":true,"is_error":false})");
  EXPECT_EQ(e.type, "result");
  EXPECT_FALSE(e.is_error);
}

TEST(envelope, blanks_between_the_tokens_do_not_matter) {
  auto e = read_envelope(
    "  { \"type\" :\t\"user\" , \"isReplay\" : true , \"uuid\": \"u\" } \r");
  EXPECT_TRUE(e.is_object);
  EXPECT_EQ(e.type, "user");
  EXPECT_TRUE(e.is_replay);
  EXPECT_EQ(e.uuid, "u");
}

TEST(envelope, a_value_of_another_kind_is_no_text) {
  auto e = read_envelope(R"({"type":5,"uuid":null,"session_id":["s"],)"
                         R"("request_id":{"a":"b"},"state":"x"})");
  EXPECT_EQ(e.type, "");
  EXPECT_EQ(e.uuid, "");
  EXPECT_EQ(e.session_id, "");
  EXPECT_EQ(e.request_id, "");
  EXPECT_EQ(e.state, "x");
}

TEST(envelope, what_is_no_whole_object_says_so) {
  for (auto line :
       {"", " ", "x", "null", "[1]", "5", "\"{\"", "{", "{\"type\":\"user\"",
        "{\"type\":\"us", "{\"a\":{}", "{\"type\":\"user\",\"a\":\"\\\"}"})
    EXPECT_FALSE(read_envelope(line).is_object) << line;
  EXPECT_TRUE(read_envelope("{}").is_object);
}

TEST(envelope, garbage_does_no_harm) {
  for (auto line :
       {"}}}}", "]]]{", "{]}[", "{\"a\"\"b\":,,:{}}", "{:}", "{\"type\"}",
        "{\"type\":}", "{,\"type\":\"x\"", "\\", "\""})
    read_envelope(line, 10);
  EXPECT_EQ(read_envelope(queued).type, "command_lifecycle");
}

TEST(envelope, a_value_over_the_limit_stays_empty) {
  envelope_scanner scanner{{.max_value = 4}};
  scanner.feed(R"({"type":"user","uuid":"1234","session_id":"12345"})");
  auto e = scanner.finish();
  EXPECT_EQ(e.type, "user");
  EXPECT_EQ(e.uuid, "1234");
  EXPECT_EQ(e.session_id, "");
}

TEST(envelope, the_result_is_kept_only_if_wanted) {
  EXPECT_EQ(read_envelope(result, 0).result, "");
  EXPECT_FALSE(read_envelope(result, 0).result_too_long);
}

TEST(envelope, a_result_has_a_limit_of_its_own) {
  auto line
    = R"({"result":")" + std::string(5000, 'x') + R"(","type":"result"})";
  auto below = read_envelope(line, 5001);
  auto at = read_envelope(line, 5000);
  auto above = read_envelope(line, 4999);
  EXPECT_EQ(below.result.size(), 5000u);
  EXPECT_EQ(at.result.size(), 5000u);
  EXPECT_FALSE(at.result_too_long);
  EXPECT_EQ(above.result, "");
  EXPECT_TRUE(above.result_too_long);
  EXPECT_EQ(above.type, "result");
}

TEST(envelope, a_split_anywhere_changes_nothing) {
  const std::string escaped
    = R"({"\u0074ype":"us\u0065r","uuid":"a\"b\\c","is_error" : true,)"
      R"("user_message_uuids":["a\\","b"],"errors":["e"]})";
  const auto marked = "\xef\xbb\xbf\x1b]0;a\x1b\\\x1b[0m" + replay;
  for (const auto& line : {queued, replay, result, interrupted, initialized,
                           permission, escaped, marked}) {
    auto whole = all_of(read_envelope(line, 100));
    for (std::size_t at = 0; at <= line.size(); ++at) {
      envelope_scanner scanner{{.max_result = 100}};
      scanner.feed(std::string_view{line}.substr(0, at));
      scanner.feed(std::string_view{line}.substr(at));
      ASSERT_EQ(all_of(scanner.finish()), whole) << line << " at " << at;
    }
  }
}

TEST(envelope, byte_by_byte_changes_nothing) {
  for (const auto& line : {queued, result, initialized}) {
    envelope_scanner scanner{{.max_result = 100}};
    for (char c : line)
      scanner.feed({&c, 1});
    EXPECT_EQ(all_of(scanner.finish()), all_of(read_envelope(line, 100)));
  }
}

TEST(envelope, one_line_leaves_nothing_to_the_next) {
  envelope_scanner scanner{{.max_result = 100}};
  scanner.feed(R"({"type":"result","uuid":"u","result":"half)");
  EXPECT_FALSE(scanner.finish().is_object);
  scanner.feed(R"({"type":"user"})");
  auto next = scanner.finish();
  EXPECT_TRUE(next.is_object);
  EXPECT_EQ(next.type, "user");
  EXPECT_EQ(next.uuid, "");
  EXPECT_EQ(next.result, "");
  EXPECT_FALSE(scanner.finish().is_object);
}

TEST(envelope, a_result_tells_what_it_cost) {
  auto bill
    = read_envelope(
        R"({"total_cost_usd":0.25,"usage":{"input_tokens":3,)"
        R"("cache_creation_input_tokens":5,"cache_read_input_tokens":7,)"
        R"("output_tokens":11,"server_tool_use":{"input_tokens":99},)"
        R"("cache_creation":{"ephemeral_1h_input_tokens":98}},)"
        R"("modelUsage":{"input_tokens":97},"type":"result"})")
        .bill;
  EXPECT_DOUBLE_EQ(bill.dollars, 0.25);
  EXPECT_EQ(bill.input_tokens, 3u);
  EXPECT_EQ(bill.cache_creation_tokens, 5u);
  EXPECT_EQ(bill.cache_read_tokens, 7u);
  EXPECT_EQ(bill.output_tokens, 11u);
}

TEST(envelope, a_bill_that_is_none_costs_nothing) {
  for (
    const auto* line :
    {R"({"total_cost_usd":"1","usage":[5],"type":"result"})",
     R"({"total_cost_usd":null,"usage":{"input_tokens":-5},"type":"result"})",
     R"({"total_cost_usd":x,"usage":7,"type":"result"})"}) {
    auto bill = read_envelope(line).bill;
    EXPECT_EQ(bill.dollars, 0) << line;
    EXPECT_EQ(bill.input_tokens, 0u) << line;
  }
}

TEST(envelope, of_an_answer_says_how_it_went) {
  EXPECT_EQ(read_envelope(initialized).subtype, "success");
  auto e = read_envelope(
    R"({"type":"control_response","response":{"subtype":"error",)"
    R"("request_id":"r","error":"no such mode"}})");
  EXPECT_EQ(e.subtype, "error");
  EXPECT_EQ(e.first_error, "no such mode");
}

TEST(envelope, of_a_status_tells_the_permission_mode) {
  auto e = read_envelope(
    R"({"type":"system","subtype":"status","permissionMode":"plan"})");
  EXPECT_EQ(e.subtype, "status");
  EXPECT_EQ(e.permission_mode, "plan");
}

TEST(envelope, what_began_a_turn_and_how_a_task_ended) {
  auto own = codec::read_envelope(
    R"({"type":"result","origin":{"kind":"task-notification","runId":"r"}})");
  EXPECT_EQ(own.origin, "task-notification");
  EXPECT_EQ(codec::read_envelope(R"({"type":"result"})").origin, "");
  EXPECT_EQ(
    codec::read_envelope(R"({"type":"x","origin":["kind","a"]})").origin, "");
  auto ended = codec::read_envelope(
    R"({"type":"system","subtype":"task_notification","status":"stopped"})");
  EXPECT_EQ(ended.status, "stopped");
}

} // namespace container_agent::test
