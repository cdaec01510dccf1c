#include "messages/codec/claude_details.hpp"

#include <gtest/gtest.h>

namespace container_agent::codec::test {

namespace {

std::string request(const std::string& body) {
  return R"({"type":"control_request","request_id":"q","request":)" + body
         + '}';
}

std::string told(const std::string& body) {
  auto x = read_request_details(request(body));
  return x.subtype + '|' + x.tool + '|' + x.subject;
}

} // namespace

TEST(claude_details, a_permission_names_tool_and_command) {
  EXPECT_EQ(told(R"({"subtype":"can_use_tool","tool_name":"Bash",)"
                 R"("input":{"description":"Push","command":"git push"}})"),
            "can_use_tool|Bash|git push");
  EXPECT_EQ(told(R"({"subtype":"can_use_tool","tool_name":"Write",)"
                 R"("input":{"content":"x","file_path":"/a"}})"),
            "can_use_tool|Write|/a");
  EXPECT_EQ(told(R"({"subtype":"can_use_tool","tool_name":"mcp__x__y",)"
                 R"("input":{"n":7}})"),
            "can_use_tool|mcp__x__y|");
}

TEST(claude_details, a_hook_names_its_event_and_the_tool) {
  EXPECT_EQ(told(R"({"subtype":"hook_callback","callback_id":"h0","input":)"
                 R"({"hook_event_name":"PreToolUse","tool_name":"Bash",)"
                 R"("tool_input":{"command":"ls"}}})"),
            "hook_callback|PreToolUse Bash|ls");
  EXPECT_EQ(told(R"({"subtype":"hook_callback","input":)"
                 R"({"hook_event_name":"Stop"}})"),
            "hook_callback|Stop|");
}

TEST(claude_details, a_call_of_an_mcp_server_names_it) {
  EXPECT_EQ(told(R"({"subtype":"mcp_message","server_name":"db",)"
                 R"("message":{"jsonrpc":"2.0","method":"tools/call"}})"),
            "mcp_message|db|tools/call");
}

TEST(claude_details, whatever_else_comes_is_no_fault) {
  for (std::string_view line :
       {"", "{", "[1]", "7", R"({"request":7})", R"({"request":{"input":[]}})",
        R"({"request":{"subtype":7,"tool_name":{},"input":{"command":7}}})",
        R"("half of a longer line","command":"x"}})"}) {
    auto x = read_request_details(line);
    EXPECT_EQ(x.subtype + x.tool + x.subject, "") << line;
  }
}

TEST(claude_details, a_long_subject_is_cut) {
  auto x = read_request_details(
    request(R"({"input":{"command":")" + std::string(100'000, 'x') + "\"}}"));
  EXPECT_EQ(x.subject.size(), max_subject);
}

TEST(claude_details, tasks_are_listed) {
  auto ids = [](std::string_view line) {
    auto found = read_task_ids(line);
    EXPECT_TRUE(found) << line;
    std::string result;
    for (const auto& id : found.value_or(std::vector<std::string>{}))
      result += id + ' ';
    return result;
  };
  EXPECT_EQ(ids(R"({"type":"system","subtype":"background_tasks_changed",)"
                R"("tasks":[{"task_id":"a","task_type":"local_bash"},)"
                R"({"task_id":"b","parent_task_id":"a"}]})"),
            "a b ");
  EXPECT_EQ(ids(R"({"tasks":[]})"), "");
  EXPECT_EQ(ids(R"({"tasks":[7,{},{"task_id":""}]})"), "");
}

TEST(claude_details, what_is_no_list_of_tasks_says_nothing) {
  for (std::string_view line : {"", "{", R"({"tasks":7})", R"({"task":[]})"})
    EXPECT_FALSE(read_task_ids(line)) << line;
}

} // namespace container_agent::codec::test
