#include "messages/codec/envelope.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

namespace {

using codec::envelope;
using codec::envelope_scanner;
using codec::read_envelope;

/// All that an envelope holds: `name=text` and flags; `!` is no whole object.
std::string shown(const envelope& e) {
  std::string result = e.is_object ? e.type : '!' + e.type;
  auto add = [&result](const char* name, const auto& value) {
    if constexpr (std::is_same_v<decltype(value), const std::string&>)
      result += value.empty() ? "" : ' ' + std::string{name} + '=' + value;
    else if (value != 0)
      result += ' ' + std::string{name} + '=' + std::to_string(value);
  };
  add("subtype", e.subtype);
  add("session", e.session_id);
  add("uuid", e.uuid);
  add("request", e.request_id);
  add("command", e.command_uuid);
  add("state", e.state);
  add("result", e.result);
  add("error", e.first_error);
  add("mode", e.permission_mode);
  add("status", e.status);
  add("origin", e.origin);
  for (const auto& uuid : e.user_message_uuids)
    add("answers", uuid);
  add("usd", e.bill.dollars);
  add("in", e.bill.input_tokens);
  add("out", e.bill.output_tokens);
  add("read", e.bill.cache_read_tokens);
  add("created", e.bill.cache_creation_tokens);
  add("is_error", e.is_error);
  add("is_replay", e.is_replay);
  add("too_long", e.result_too_long);
  return result;
}

std::string seen(std::string_view line, std::size_t max_result = 100) {
  return shown(read_envelope(line, max_result));
}

struct line_case {
  std::string line;
  std::string expected;
};

// Lines that Claude Code 2.1.330 wrote, only shortened where members repeat.
const std::vector<line_case> real_lines{
  {R"({"type":"command_lifecycle","command_uuid":"24edf91d-434c","state":"queued","uuid":"763a76d6-bda2","session_id":"497abe98-a5f6"})",
   "command_lifecycle session=497abe98-a5f6 uuid=763a76d6-bda2 "
   "command=24edf91d-434c state=queued"},
  {R"({"type":"user","message":{"role":"user","content":"hi"},"session_id":"497abe98-a5f6","parent_tool_use_id":null,"uuid":"24edf91d-434c","timestamp":"2026-11-23T13:07:25.142Z","isReplay":true})",
   "user session=497abe98-a5f6 uuid=24edf91d-434c is_replay=1"},
  {R"({"duration_api_ms":121,"stop_reason":"end_turn","session_id":"497abe98-a5f6","total_cost_usd":0.25,"usage":{"input_tokens":3,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":11,"server_tool_use":{"input_tokens":99},"iterations":[],"type":"none"},"modelUsage":{"input_tokens":97},"permission_denials":[],"is_error":false,"num_turns":1,"subtype":"success","api_error_status":null,"result":"You said: hi","ttft_ms":304,"type":"result","duration_ms":354,"uuid":"d3690a62-d151","user_message_uuid":"24edf91d-434c","user_message_uuids":["24edf91d-434c"],"model_usage_since_last_result":{"type":"x"}})",
   "result subtype=success session=497abe98-a5f6 uuid=d3690a62-d151 "
   "result=You said: hi answers=24edf91d-434c usd=0.250000 in=3 out=11 read=7 "
   "created=5"},
  {R"({"duration_api_ms":0,"stop_reason":null,"session_id":"1b0dc88e-0d33","terminal_reason":"aborted_streaming","is_error":true,"num_turns":2,"subtype":"error_during_execution","errors":["[ede_diagnostic] stop_reason=null","b"],"user_message_uuid":"d983b4be-15af","type":"result","user_message_uuids":["d983b4be-15af"],"queued_turn_count":0})",
   "result subtype=error_during_execution session=1b0dc88e-0d33 "
   "error=[ede_diagnostic] stop_reason=null answers=d983b4be-15af is_error=1"},
  {R"({"type":"control_response","response":{"subtype":"success","request_id":"container_agent:1","response":{"commands":[{"name":"x","request_id":"no"}],"pid":7}}})",
   "control_response subtype=success request=container_agent:1"},
  {R"({"type":"control_response","response":{"subtype":"error","request_id":"r","error":"no such mode"}})",
   "control_response subtype=error request=r error=no such mode"},
  {R"({"type":"control_request","request_id":"896b7630-9ed8","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"touch"},"request_id":"inner"}})",
   "control_request request=896b7630-9ed8"},
  {R"({"type":"system","subtype":"status","permissionMode":"plan"})",
   "system subtype=status mode=plan"},
  {R"({"type":"system","subtype":"task_notification","status":"stopped"})",
   "system subtype=task_notification status=stopped"},
  {R"({"type":"result","origin":{"kind":"task-notification","runId":"r"}})",
   "result origin=task-notification"},
};

const std::string mark{"\xef\xbf\xbd"};

// What Claude Code might write one day, or does so rarely.
const std::vector<line_case> odd_lines{
  // The reading ends early for types without interest.
  {R"({"type":"assistant","uuid":"u","x":)", "assistant"},
  {R"({"type":"stream_event","uuid":"u"})", "stream_event"},
  {R"({"type":"systems","uuid":"u"})", "systems uuid=u"},
  // Members of inner objects do not count, keys behind them do.
  {R"({"a":{"type":"x","uuid":"x","b":{"type":"y"}},"c":[{"type":"z"},"type",["type","w"]],"type":"t","uuid":"u"})",
   "t uuid=u"},
  {R"({"a":[1,[2,{"k":"v"}]],"type":"t","b":{"c":[{}],"d":"e"},"uuid":"u"})",
   "t uuid=u"},
  {R"({"x":"\"type\":\"no\"} {","y":"\\","type":"user","z":"}"})", "user"},
  {R"({"user_message_uuids": [ "a" , "", 5,"b"],"type":"result"})",
   "result answers=a answers=b"},
  {"  { \"type\" :\t\"user\" , \"isReplay\" : true , \"uuid\": \"u\" } \r",
   "user uuid=u is_replay=1"},
  // Of two members with the same name the last one counts.
  {R"({"type":"user","type":"result","is_error":true,"is_error":false,"uuid":"u","uuid":5})",
   "result"},
  // A value of another kind is no text, and costs nothing.
  {R"({"type":5,"uuid":null,"session_id":["s"],"request_id":{"a":"b"},"state":"x","isReplay":1})",
   " state=x"},
  {R"({"type":"x","origin":["kind","a"],"response":["request_id","a"],"errors":{"[]":"e"}})",
   "x"},
  {R"({"total_cost_usd":"1","usage":[5],"type":"result"})", "result"},
  {R"({"total_cost_usd":null,"usage":{"input_tokens":-5},"type":"result"})",
   "result"},
  // Escapes, and half a pair of surrogates, which JavaScript writes.
  {R"({"\u0074ype":"us\u0065r","uuid":"a\"b\\c","session_id":"\ud83d\ude00"})",
   "user session=\xf0\x9f\x98\x80 uuid=a\"b\\c"},
  {R"({"type":"result","result":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC"})",
   "result result=\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac"},
  {R"({"type":"result","result":"\ud800\udc00\udbff\udfff"})",
   "result result=\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
  {R"({"type":"result","result":"It is \ud83d, is it?"})",
   "result result=It is " + mark + ", is it?"},
  {R"({"type":"result","result":"\ud83d","uuid":"\ude00x"})",
   "result uuid=" + mark + "x result=" + mark},
  {R"({"type":"result","result":"\ud83d\u0041\ud83d\n\ud83d\\ude00"})",
   "result result=" + mark + "A" + mark + "\n" + mark + "\\ude00"},
  {R"({"type":"result","result":"\ud83d\ud83d\ude00\\ud83d"})",
   "result result=" + mark + "\xf0\x9f\x98\x80\\ud83d"},
  {"{\"type\":\"result\",\"result\":\"\xff\xc3\"}", "result result=\xff\xc3"},
  // What shows nothing does not hide the object behind it, nor what follows.
  {"\xef\xbb\xbf \x1b[1;31m{\"type\":\"t\"}\x1b[0m", "t"},
  {"\x1b[?25l\x1b[2K\r\a\b\x7f\x1b(B\x1b={\"type\":\"t\"} x", "t"},
  {"\x1b]0;claude {1}\a\x1b]0;a\x1b b\x1b\\{\"type\":\"t\"}", "t"},
  {"\x1b[0mx{\"type\":\"t\"}", "!"},
  {"\xc3\xa9{\"type\":\"t\"}", "!"},
  {"{}", ""},
};

} // namespace

TEST(envelope, tells_what_the_agent_has_to_know_of_a_line) {
  for (const auto* table : {&real_lines, &odd_lines})
    for (const auto& [line, expected] : *table)
      EXPECT_EQ(seen(line), expected) << line;
}

TEST(envelope, a_split_anywhere_changes_nothing) {
  for (const auto* table : {&real_lines, &odd_lines})
    for (const auto& [line, expected] : *table) {
      envelope_scanner scanner{{.max_result = 100}};
      for (std::size_t at = 0; at <= line.size(); ++at) {
        scanner.feed(std::string_view{line}.substr(0, at));
        scanner.feed(std::string_view{line}.substr(at));
        ASSERT_EQ(shown(scanner.finish()), expected) << line << " at " << at;
      }
      for (char c : line)
        scanner.feed({&c, 1});
      EXPECT_EQ(shown(scanner.finish()), expected) << line;
    }
}

TEST(envelope, cut_anywhere_is_no_whole_object) {
  const auto& line = real_lines[2].line;
  for (std::size_t size = 0; size < line.size(); ++size)
    ASSERT_EQ(seen(line.substr(0, size)).front(), '!') << size;
}

TEST(envelope, of_what_is_no_object_says_so) {
  for (auto line : {"",
                    " ",
                    "x",
                    "null",
                    "[1]",
                    "5",
                    "\"{\"",
                    "{",
                    "{\"a\":\"\\\"}",
                    "}}}",
                    "]]]{",
                    "{]}[",
                    "{\"a\"\"b\":,,:{}}",
                    "{:}",
                    "{\"type\"}",
                    "{\"type\":}",
                    "{,\"type\":\"x\"}",
                    "\\",
                    "\"",
                    R"({"result":"\x"})",
                    R"({"result":"\ud83d\ude0"})",
                    "\xef\xbb\xbf",
                    "\x1b["})
    EXPECT_EQ(seen(line).front(), '!') << line;
}

TEST(envelope, at_most_1024_prompts_are_kept) {
  std::string line = R"({"user_message_uuids":["0")";
  for (int i = 1; i < 1030; ++i)
    line += ",\"" + std::to_string(i) + '"';
  auto e = read_envelope(line + "]}");
  EXPECT_EQ(e.user_message_uuids.size(), 1024u);
  EXPECT_EQ(e.user_message_uuids.back(), "1023");
}

TEST(envelope, a_value_over_the_limit_stays_empty) {
  envelope_scanner scanner{{.max_value = 4}};
  scanner.feed(R"({"type":"user","uuid":"1234","session_id":"12345"})");
  EXPECT_EQ(shown(scanner.finish()), "user uuid=1234");
}

TEST(envelope, the_result_is_wanted_or_not_and_has_a_limit_of_its_own) {
  const std::string text(5000, 'x');
  auto line = R"({"result":")" + text + R"(","type":"result"})";
  EXPECT_EQ(seen(line, 0), "result");
  EXPECT_EQ(seen(line, 4999), "result too_long=1");
  EXPECT_EQ(seen(line, 5000), "result result=" + text);
  EXPECT_EQ(seen(line, 5001), "result result=" + text);
}

TEST(envelope, one_line_leaves_nothing_to_the_next) {
  envelope_scanner scanner{{.max_result = 100}};
  scanner.feed(R"({"type":"result","uuid":"u","result":"half\ud83d)");
  EXPECT_EQ(shown(scanner.finish()).front(), '!');
  scanner.feed(R"({"type":"user"})");
  EXPECT_EQ(shown(scanner.finish()), "user");
  EXPECT_EQ(shown(scanner.finish()), "!");
}

} // namespace container_agent::test
