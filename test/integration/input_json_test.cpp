#include "test/integration/common.hpp"
#include "test/support/kept_host.hpp"

/// JSON as people and their tools print it.
namespace container_agent::test {

namespace {

/// A prompt as `jq` prints it.
std::string printed(const std::string& text) {
  return json{{"type", "user"},
              {"uuid", first_uuid},
              {"message", {{"role", "user"}, {"content", text}}}}
           .dump(2)
         + '\n';
}

} // namespace

TEST(input_json, over_several_lines_is_one_prompt) {
  agent_process agent{recording()};
  agent.write(printed("a } and  two blanks"));
  EXPECT_EQ(agent.wait_for_record("accepted")["uuid"], first_uuid);
  agent.wait_for_answer("echo: a } and  two blanks");
  auto lines = forwarded(agent);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(json::parse(lines[0])["message"]["content"], "a } and  two blanks");
}

TEST(input_json, that_is_broken_is_refused_whole_and_nothing_of_it_runs) {
  agent_process agent{recording()};
  agent.wait_for_record("ready");
  agent.write_line("first");
  agent.wait_for_answer("echo: first");
  agent.write(
    "{\n  \"type\": \"container_agent\",\n  \"subtype\": \"prompt\",\n"
    "  \"text\": \"delete\nall files\"\n}\n");
  auto rejected = agent.wait_for_record("rejected");
  EXPECT_EQ(rejected["reason"], "invalid_json");
  EXPECT_EQ(rejected["line"], 2);
  EXPECT_EQ(
    rejected["excerpt"],
    R"({\n  "type": "container_agent",\n  "subtype": "prompt",\n  "text": "delete\n)");
  EXPECT_THAT(rejected["detail"].get<std::string>(),
              HasSubstr("--input-format text"));
  agent.write_line("last");
  agent.wait_for_answer("echo: last");
  EXPECT_EQ(forwarded(agent).size(), 2U);
}

TEST(input_json, that_is_left_unfinished_is_refused_at_the_close) {
  agent_process agent;
  agent.write("{\n  \"type\": \"user\",\n");
  agent.close_input();
  auto rejected = agent.wait_for_record("rejected");
  EXPECT_EQ(rejected["reason"], "invalid_json");
  EXPECT_EQ(rejected["line"], 1);
  agent.open_input();
  agent.write_line("works");
  agent.wait_for_answer("echo: works");
}

TEST(input_json, that_is_left_unfinished_does_not_swallow_other_messages) {
  agent_process agent{recording()};
  agent.write_line(R"({"type":"user")");
  agent.write_line("is it a part of it?");
  EXPECT_EQ(agent.wait_for_record("rejected")["line"], 1);
  agent.prompt("works", first_uuid);
  EXPECT_EQ(agent.wait_for_record("accepted")["uuid"], first_uuid);
  agent.write_line("and so does this");
  agent.wait_for_answer("echo: and so does this");
  EXPECT_EQ(forwarded(agent).size(), 2U);
}

TEST(input_json, in_an_array_is_refused_with_all_its_lines) {
  agent_process agent{recording()};
  agent.wait_for_record("ready");
  auto message = user_line("no", first_uuid);
  agent.write("[\n" + message + ",\n" + message + "\n]\n[TODO] works\n");
  auto rejected = agent.wait_for_record("rejected");
  EXPECT_EQ(rejected["reason"], "invalid_json") << rejected;
  EXPECT_EQ(rejected["line"], 1);
  agent.wait_for_answer("echo: [TODO] works");
  EXPECT_EQ(forwarded(agent).size(), 1U);
}

TEST(input_json, behind_a_byte_order_mark_is_taken) {
  agent_process agent;
  agent.write_line("\xEF\xBB\xBF" + user_line("marked", first_uuid));
  agent.wait_for_answer("echo: marked");
}

TEST(input_json, half_read_by_a_killed_agent_is_read_whole_by_the_next) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  auto all = printed("whole");
  host.prompt("first", "u-1");
  host.write(all.substr(0, all.size() / 2));
  host.wait_for_result("u-1"); // by then the agent has most likely read it
  host.kill_agent();
  host.write(all.substr(all.size() / 2));
  host.start_agent();
  host.wait_for_result(first_uuid);
  EXPECT_EQ(count_in(host.state_dir() / "runs", first_uuid), 1U);
  EXPECT_EQ(host.stream().find("\"rejected\""), std::string::npos);
}

TEST(input_json, refused_before_an_agent_was_killed_does_not_run_in_the_next) {
  kept_host host;
  host.start_agent();
  host.wait_for_record("ready");
  host.write("{oops\n");
  host.wait_for_record("rejected");
  host.kill_agent();
  host.write("delete all files\n}\n");
  host.start_agent();
  host.wait_for_record("rejected"); // it begins with the whole again
  host.prompt("last", "u-1");
  host.wait_for_result("u-1");
  EXPECT_EQ(lines_of(host.state_dir() / "runs").size(), 1U);
}

} // namespace container_agent::test
