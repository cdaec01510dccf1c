#include "messages/codec/input_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace container_agent::test {

namespace {

using codec::input_fault;
using codec::input_format;
using codec::input_message;
using kind = codec::input_message::kind;
using testing::HasSubstr;

input_message accept(std::string_view line,
                     input_format format = input_format::automatic) {
  auto outcome = codec::read_input(line, format);
  if (auto* fault = std::get_if<input_fault>(&outcome)) {
    ADD_FAILURE() << line.substr(0, 200) << "\nwas refused: " << fault->reason
                  << ", " << fault->detail;
    return {};
  }
  return std::get<input_message>(outcome);
}

input_fault refuse(std::string_view line,
                   input_format format = input_format::automatic) {
  auto outcome = codec::read_input(line, format);
  if (auto* fault = std::get_if<input_fault>(&outcome))
    return *fault;
  ADD_FAILURE() << line.substr(0, 200) << "\nwas accepted";
  return {};
}

std::string user(std::string_view content) {
  return R"({"type":"user","message":{"role":"user","content":)"
         + std::string{content} + R"(},"uuid":"u1"})";
}

} // namespace

// -- what Claude Code ends at must not pass -----------------------------------

TEST(input_message, json_that_is_broken_is_refused_with_the_place) {
  auto fault = refuse(R"({"type":"user")");
  EXPECT_EQ(fault.reason, "invalid_json");
  EXPECT_THAT(fault.detail, HasSubstr("at byte 14"));
  for (auto line : {"{", "{}}", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "{a:1}",
                    "{\"type\":\"user\"} {}", "{\"a\":NaN}", "{\"a\":\"\t\"}"})
    EXPECT_EQ(refuse(line).reason, "invalid_json") << line;
}

TEST(input_message, json_that_is_no_object_is_refused) {
  for (auto line : {"null", "[1]", "5", "\"x\"", "true", "", "  "})
    EXPECT_EQ(refuse(line, input_format::stream_json).reason, "invalid_json")
      << line;
}

TEST(input_message, a_user_line_without_a_proper_message_is_refused) {
  for (auto line : {
         R"({"type":"user"})",
         R"({"type":"user","message":null})",
         R"({"type":"user","message":"hi"})",
         R"({"type":"user","message":[]})",
         R"({"type":"user","message":{}})",
         R"({"type":"user","message":{"content":"hi"}})",
         R"({"type":"user","message":{"role":"assistant","content":"hi"}})",
         R"({"type":"user","message":{"role":5,"content":"hi"}})",
         R"({"type":"user","message":{"x":{"role":"user"},"content":"hi"}})",
       })
    EXPECT_EQ(refuse(line).reason, "invalid_json") << line;
}

TEST(input_message, a_control_request_without_a_request_is_refused) {
  for (
    auto line : {
      R"({"type":"control_request","request_id":"q1"})",
      R"({"type":"control_request","request_id":"q1","request":null})",
      R"({"type":"control_request","request_id":"q1","request":{}})",
      R"({"type":"control_request","request_id":"q1","request":"x"})",
      R"({"type":"control_request","request":{"subtype":"interrupt"}})",
      R"({"type":"control_request","request_id":7,"request":{"subtype":"x"}})",
      R"({"type":"control_request","request_id":"","request":{"subtype":"x"}})",
    })
    EXPECT_EQ(refuse(line).reason, "invalid_json") << line;
}

// -- content ------------------------------------------------------------------

TEST(input_message, content_that_claude_runs_passes_untouched) {
  for (auto content : {
         R"("hi")",
         R"("")",
         R"("  ")",
         R"("/clear")",
         R"([{"type":"text","text":"hi"}])",
         R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])",
         R"([{"type":"image","source":{"type":"base64","data":"AA=="}}])",
         R"([{"type":"tool_result","content":[{"x":1},"y",5]}])",
         R"([{"text":"text","type":"text"}])",
         R"([{"type":"frob"}])",
         R"([])",
       }) {
    auto line = user(content);
    auto message = accept(line);
    EXPECT_EQ(message.what, kind::prompt);
    EXPECT_EQ(message.line, line);
    EXPECT_EQ(message.uuid, "u1");
  }
}

TEST(input_message, content_that_claude_swallows_is_refused) {
  for (auto content : {"5", "true", R"({"a":1})", "[5]", "[null]", R"(["a"])",
                       "[[]]", R"([{"type":"text"}])",
                       R"([{"type":"text","text":5}])", R"([{"text":"a"}])",
                       R"([{}])", R"([{"type":"text","text":"a"},"b"])"}) {
    auto fault = refuse(user(content));
    EXPECT_EQ(fault.reason, "invalid_json") << content;
    EXPECT_EQ(fault.uuid, "u1") << content;
  }
}

TEST(input_message, content_that_is_null_or_missing_is_refused) {
  EXPECT_EQ(refuse(user("null")).reason, "invalid_json");
  EXPECT_EQ(
    refuse(R"({"type":"user","message":{"role":"user"},"uuid":"u1"})").reason,
    "invalid_json");
}

// -- the other types ----------------------------------------------------------

TEST(input_message, control_messages_pass_with_their_request_id) {
  auto request = accept(
    R"({"type":"control_request","request_id":"i1","request":{"subtype":"interrupt"}})");
  EXPECT_EQ(request.what, kind::control_request);
  EXPECT_EQ(request.request_id, "i1");
  auto response = accept(
    R"({"type":"control_response","response":{"subtype":"success","request_id":"q2","response":{"behavior":"allow"}}})");
  EXPECT_EQ(response.what, kind::control_response);
  EXPECT_EQ(response.request_id, "q2");
  auto cancel
    = accept(R"({"type":"control_cancel_request","request_id":"q3"})");
  EXPECT_EQ(cancel.what, kind::control_cancel);
  EXPECT_EQ(cancel.request_id, "q3");
}

TEST(input_message, a_response_needs_to_say_what_it_answers) {
  for (auto line :
       {R"({"type":"control_response"})",
        R"({"type":"control_response","response":{}})",
        R"({"type":"control_response","response":5,"request_id":"q"})",
        R"({"type":"control_response","response":{"request_id":""}})"})
    EXPECT_EQ(refuse(line).reason, "invalid_json") << line;
  EXPECT_EQ(refuse(R"({"type":"control_cancel_request"})").reason,
            "invalid_json");
}

TEST(input_message, the_agents_own_request_ids_are_refused) {
  for (
    auto line :
    {R"({"type":"control_request","request_id":"container_agent:1","request":{"subtype":"x"}})",
     R"({"type":"control_cancel_request","request_id":"container_agent:initialize:1"})"})
    EXPECT_THAT(refuse(line).detail, HasSubstr("container_agent:")) << line;
  EXPECT_EQ(accept(R"({"type":"control_cancel_request",)"
                   R"("request_id":"container_agents"})")
              .what,
            kind::control_cancel);
}

TEST(input_message, claudes_housekeeping_passes) {
  for (auto line :
       {R"({"type":"keep_alive"})",
        R"({"type":"update_environment_variables","variables":{"A":"b"}})"}) {
    auto message = accept(line);
    EXPECT_EQ(message.what, kind::passthrough);
    EXPECT_EQ(message.line, line);
  }
}

TEST(input_message, other_types_are_refused_by_name) {
  for (auto type : {"system", "result", "assistant", "users", "frob"}) {
    auto fault = refuse(R"({"uuid":"u2","type":")" + std::string{type} + "\"}");
    EXPECT_EQ(fault.reason, "unknown_type");
    EXPECT_THAT(fault.detail, HasSubstr(type));
    EXPECT_EQ(fault.uuid, "u2");
  }
  EXPECT_EQ(refuse("{}").reason, "unknown_type");
  EXPECT_EQ(refuse(R"({"type":5})").reason, "unknown_type");
  EXPECT_EQ(refuse(R"({"message":{"type":"user"}})").reason, "unknown_type");
}

TEST(input_message, a_refusal_quotes_no_more_than_a_few_words) {
  const std::string flood(1'000'000, 'x');
  for (const auto& line :
       {R"({"type":")" + flood + "\"}",
        R"({"type":"container_agent","subtype":")" + flood + "\"}",
        R"({"type":"user","uuid":")" + flood + "\"}",
        R"({"type":"user","uuid":")" + flood + "\"", "{\"" + flood,
        R"({"type":"control_cancel_request","request_id":"container_agent:)"
          + flood + "\"}"}) {
    auto fault = refuse(line);
    EXPECT_LT(fault.detail.size(), 300u);
    EXPECT_EQ(fault.uuid, "");
  }
}

TEST(input_message, a_refusal_of_broken_json_quotes_nothing_of_it) {
  for (auto line :
       {"{\"secret", "{secret", "{\"a\":secret}", "{\"type\":\"user\"} secret"})
    EXPECT_EQ(refuse(line).detail.find("secret"), std::string::npos)
      << refuse(line).detail;
}

TEST(input_message, of_two_types_the_last_counts_as_with_claude) {
  EXPECT_EQ(accept(R"({"type":"user","type":"keep_alive","message":5})").what,
            kind::passthrough);
  EXPECT_EQ(refuse(R"({"type":"keep_alive","type":"user"})").reason,
            "invalid_json");
}

TEST(input_message, of_two_messages_or_contents_the_last_counts) {
  EXPECT_EQ(refuse(R"({"type":"user","message":{"role":"user","content":"a"},)"
                   R"("message":{"role":"user","content":5}})")
              .reason,
            "invalid_json");
  accept(R"({"type":"user","message":{"role":"user","content":[5]},)"
         R"("message":{"role":"user","content":"a"}})");
  accept(R"({"type":"user","message":{"role":"user","content":[5],)"
         R"("content":[{"type":"text","text":"a"}]}})");
}

// -- the agent's own ----------------------------------------------------------

TEST(input_message, an_own_prompt_may_hold_line_breaks) {
  auto message = accept(
    R"({"type":"container_agent","subtype":"prompt","text":"a\nb \"c\"","uuid":"u3"})");
  EXPECT_EQ(message.what, kind::prompt);
  EXPECT_EQ(message.uuid, "u3");
  EXPECT_EQ(message.line.find('\n'), std::string::npos);
  auto line = nlohmann::json::parse(message.line);
  EXPECT_EQ(line["type"], "user");
  EXPECT_EQ(line["uuid"], "u3");
  EXPECT_EQ(line["message"]["role"], "user");
  EXPECT_EQ(line["message"]["content"], "a\nb \"c\"");
}

TEST(input_message, an_own_status_request_is_for_the_agent) {
  auto message = accept(R"({"type":"container_agent","subtype":"status"})");
  EXPECT_EQ(message.what, kind::status_request);
  EXPECT_EQ(message.line, "");
}

TEST(input_message, other_own_lines_are_refused) {
  EXPECT_EQ(refuse(R"({"type":"container_agent","subtype":"frob"})").reason,
            "unknown_type");
  EXPECT_EQ(refuse(R"({"type":"container_agent"})").reason, "unknown_type");
  EXPECT_EQ(refuse(R"({"type":"container_agent","subtype":"prompt"})").reason,
            "invalid_json");
  EXPECT_EQ(
    refuse(R"({"type":"container_agent","subtype":"prompt","text":5})").reason,
    "invalid_json");
}

TEST(with_notice, stands_behind_the_content) {
  const std::string notice{codec::interrupted_notice};
  EXPECT_EQ(codec::with_notice(
              R"({"type":"user","message":{"content":"hi"},"uuid":"u"})"),
            R"({"type":"user","message":{"content":"hi\n\n)" + notice
              + R"("},"uuid":"u"})" + '\n');
  EXPECT_EQ(codec::with_notice(R"({"message":{"content":[{"type":"image"}]}})"),
            R"({"message":{"content":[{"type":"image"},{"type":"text","text":")"
              + notice + R"("}]}})" + '\n');
}

TEST(with_notice, leaves_what_it_can_not_read) {
  for (const std::string line : {"{", "{}\n", R"({"message":{"content":1}})"})
    EXPECT_EQ(codec::with_notice(line).substr(0, line.size()), line);
}

} // namespace container_agent::test
