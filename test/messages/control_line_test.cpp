#include "messages/codec/control_line.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace container_agent::codec::test {

using nlohmann::json;

TEST(control_line, each_is_one_line_in_the_shape_that_claude_code_has) {
  EXPECT_EQ(cancel_request_line("q\"1"),
            R"({"type":"control_cancel_request","request_id":"q\"1"})"
            "\n");
  EXPECT_EQ(deny_tool_line("q1", "no"),
            R"({"type":"control_response","response":{"subtype":"success",)"
            R"("request_id":"q1","response":{"behavior":"deny",)"
            R"("message":"no"}}})"
            "\n");
  EXPECT_EQ(control_request_line("container_agent:1", "initialize"),
            R"({"type":"control_request","request_id":"container_agent:1",)"
            R"("request":{"subtype":"initialize"}})"
            "\n");
  EXPECT_EQ(stop_task_line("r1", "t1"),
            R"({"type":"control_request","request_id":"r1",)"
            R"("request":{"subtype":"stop_task","task_id":"t1"}})"
            "\n");
  EXPECT_EQ(error_response_line("h1", "it died"),
            R"({"type":"control_response","response":{"subtype":"error",)"
            R"("request_id":"h1","error":"it died"}})"
            "\n");
}

TEST(control_line, an_error_result_has_all_that_an_sdk_reads) {
  auto line = error_result_line("s1", "u1", "it died");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  auto result = json::parse(line);
  EXPECT_EQ(result["type"], "result");
  EXPECT_EQ(result["subtype"], "error_during_execution");
  EXPECT_EQ(result["is_error"], true);
  EXPECT_EQ(result["session_id"], "s1");
  EXPECT_EQ(result["errors"], json::array({"it died"}));
  for (const auto* name : {"duration_ms", "duration_api_ms", "num_turns",
                           "total_cost_usd", "usage", "uuid"})
    EXPECT_TRUE(result.contains(name)) << name;
}

} // namespace container_agent::codec::test
