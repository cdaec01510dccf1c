#include "test/integration/common.hpp"

#include <random>

/// Input that the agent refuses, says so, and reads on.
namespace container_agent::test {

// -- what is refused ----------------------------------------------------------

struct bad_line {
  const char* name;
  std::string line;
  std::string reason;
};

void PrintTo(const bad_line& b, std::ostream* out) {
  *out << b.name;
}

class lines : public testing::TestWithParam<bad_line> {};

TEST_P(lines, are_refused_with_a_record_and_the_next_line_works) {
  agent_process agent{recording()};
  agent.wait_for_record("ready");
  auto pid = agent.child_pid();
  agent.write_line("first");
  agent.wait_for_answer("echo: first");
  agent.write_line(GetParam().line);
  auto rejected = agent.wait_for_record("rejected");
  EXPECT_EQ(rejected["reason"], GetParam().reason) << rejected;
  EXPECT_FALSE(rejected["detail"].get<std::string>().empty());
  EXPECT_EQ(rejected["line"], 2) << rejected;
  agent.write_line("last");
  agent.wait_for_answer("echo: last");
  EXPECT_EQ(forwarded(agent).size(), 2U);
  EXPECT_TRUE(is_alive(pid));
}

INSTANTIATE_TEST_SUITE_P(
  input_refused, lines,
  testing::Values(
    bad_line{"a_bare_word", R"({"type":user})", "invalid_json"},
    bad_line{"an_array", R"([{"type":"user"}])", "invalid_json"},
    bad_line{"a_string", R"("hello")", "invalid_json"},
    bad_line{"a_member", R"("type": "user",)", "invalid_json"},
    bad_line{"the_end_of_an_object", "}", "invalid_json"},
    bad_line{"trailing_text", R"({"type":"keep_alive"} x)", "invalid_json"},
    bad_line{"two_objects", R"({"type":"keep_alive"}{})", "invalid_json"},
    bad_line{"an_unknown_type", R"({"type":"frobnicate"})", "unknown_type"},
    bad_line{"no_type", R"({"a":1})", "unknown_type"},
    bad_line{"own_unknown_subtype",
             R"({"type":"container_agent","subtype":"x"})", "unknown_type"},
    bad_line{"no_message", R"({"type":"user"})", "invalid_json"},
    bad_line{"the_wrong_role",
             R"({"type":"user","message":{"role":"assistant","content":"x"}})",
             "invalid_json"},
    bad_line{"content_of_a_number",
             R"({"type":"user","message":{"role":"user","content":5}})",
             "invalid_json"},
    bad_line{"no_request", R"({"type":"control_request","request_id":"q"})",
             "invalid_json"},
    bad_line{"the_agents_request_id",
             R"({"type":"control_request","request_id":"container_agent:1",)"
             R"("request":{"subtype":"interrupt"}})",
             "invalid_json"},
    bad_line{"bad_utf8_text", "caf\xE9", "invalid_utf8"},
    bad_line{"bad_utf8_json",
             "{\"type\":\"user\",\"message\":{\"role\":\"user\","
             "\"content\":\"\xC0\x80\"}}",
             "invalid_utf8"},
    bad_line{"surrogates_as_utf8", "\xED\xA0\x80", "invalid_utf8"}),
  [](const auto& info) { return info.param.name; });

TEST(input_refused, text_is_refused_where_json_is_asked_for) {
  agent_options options;
  options.args = {"--input-format", "stream-json"};
  agent_process agent{options};
  for (const auto* line : {"hello", "[1]", "5", "null", "\"x\""}) {
    agent.write_line(line);
    auto rejected = agent.wait_for_record("rejected");
    EXPECT_EQ(rejected["reason"], "invalid_json") << line;
  }
  agent.prompt("works");
  agent.wait_for_answer("echo: works");
}

TEST(input_refused, all_is_text_where_text_is_asked_for) {
  agent_options options;
  options.args = {"--input-format", "text"};
  agent_process agent{options};
  agent.write_line(R"({"type":"user"})");
  EXPECT_EQ(agent.wait_for_type("result")["result"],
            R"(echo: {"type":"user"})");
}

TEST(input_refused, what_only_begins_like_json_is_text) {
  agent_process agent;
  for (const std::string text : {"[TODO] fix it", "\"Foo\" is wrong"}) {
    agent.write_line(text);
    agent.wait_for_answer("echo: " + text);
  }
}

TEST(input_refused, random_bytes_are_refused_line_by_line) {
  agent_options options;
  options.args = {"--input-format", "stream-json"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  std::mt19937 random{20261123};
  std::string noise(200'000, '\0');
  for (auto& c : noise) {
    c = static_cast<char>(random());
    // Lines of blanks only are nobody's business here.
    if (c == ' ' || c == '\t' || c == '\r')
      c = '\0';
  }
  noise += '\n';
  std::size_t lines = 0;
  std::istringstream in(noise);
  for (std::string line; std::getline(in, line);)
    lines += !line.empty();
  agent.write(noise);
  for (std::size_t i = 0; i < lines; ++i) {
    auto record = agent.next_record();
    ASSERT_EQ(record["subtype"], "rejected") << record;
  }
  agent.prompt("works");
  EXPECT_EQ(agent.next_record()["subtype"], "accepted");
  agent.wait_for_answer("echo: works");
}

// -- the writer closes in the middle of a line --------------------------------

TEST(input_refused, whole_json_without_line_feed_is_taken_at_the_close) {
  agent_process agent;
  agent.write(user_line("cut short", first_uuid));
  agent.close_input();
  agent.wait_for_answer("echo: cut short");
}

TEST(input_refused, half_json_is_refused_at_the_close) {
  agent_process agent;
  agent.write(R"({"type":"user","message":{"ro)");
  agent.close_input();
  EXPECT_EQ(agent.wait_for_record("rejected")["reason"], "invalid_json");
  agent.open_input();
  agent.write_line("works");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: works");
}

TEST(input_refused, half_a_line_of_text_is_refused_at_the_close) {
  agent_process agent;
  agent.write("delete all files except");
  agent.close_input();
  EXPECT_EQ(agent.wait_for_record("rejected")["reason"], "incomplete_line");
  agent.open_input();
  agent.write_line("works");
  EXPECT_EQ(agent.wait_for_type("result")["result"], "echo: works");
}

// -- limits -------------------------------------------------------------------

TEST(input_refused, a_line_may_have_the_limits_length_and_no_more) {
  agent_options options;
  options.args = {"--max-line-bytes", "4096"};
  agent_process agent{options};
  for (std::size_t size : {4095, 4096, 4097, 4098, 100'000}) {
    agent.write_line(std::string(size, 'x'));
    if (size <= 4096) {
      auto result = agent.wait_for_type("result");
      EXPECT_EQ(result["result"].get<std::string>().size(), size + 6);
    } else {
      auto rejected = agent.wait_for_record("rejected");
      EXPECT_EQ(rejected["reason"], "too_long");
      EXPECT_TRUE(rejected["line"].is_number());
    }
  }
  // CRLF does not count.
  agent.write(std::string(4096, 'y') + "\r\n");
  auto result = agent.wait_for_type("result");
  EXPECT_EQ(result["result"].get<std::string>().size(), 4102U);
}

TEST(input_refused, a_line_too_long_is_refused_once_and_before_it_ends) {
  agent_options options;
  options.args = {"--max-line-bytes", "64KiB"};
  agent_process agent{options};
  agent.wait_for_record("ready");
  agent.write(std::string(1'000'000, 'x'));
  agent.write("\n");
  EXPECT_EQ(agent.next_record()["reason"], "too_long");
  agent.write_line("works");
  EXPECT_EQ(agent.next_record()["subtype"], "accepted");
  agent.wait_for_answer("echo: works");
}

} // namespace container_agent::test
