#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// Requests of Claude's that wait for the host, an interrupt that somebody
/// wants, and what a transparent host is owed.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class claude_session_requests : public claude_session_fixture {
public:
  session::time_point now{1h};

  void pass(std::chrono::milliseconds time) {
    now += time;
    session().pass(now);
  }

  /// A prompt is in flight, and Claude asks.
  void ask(const std::string& id = "q1") {
    ready();
    prompt("u1");
    claude(claude::lifecycle("u1", "started") + claude::init()
           + claude::can_use_tool(id));
    pass(0ms);
    to_host();
    to_claude();
  }
};

std::string cancelled(const std::string& id) {
  return R"({"type":"control_cancel_request","request_id":")" + id + "\"}\n";
}

} // namespace

TEST_F(claude_session_requests, are_listed_until_they_are_answered) {
  ask();
  auto listed = session().requests(now + 2s);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].id, "q1");
  EXPECT_EQ(listed[0].tool, "Bash");
  EXPECT_EQ(listed[0].age, 2s);
  EXPECT_EQ(session().status().requests_open, 1u);
  EXPECT_EQ(log.count("request_opened"), 1u);
  host(claude::permission("q1"));
  EXPECT_TRUE(session().requests(now).empty());
}

TEST_F(claude_session_requests, are_not_listed_when_claude_takes_them_back) {
  ask();
  claude(cancelled("q1"));
  EXPECT_TRUE(session().requests(now).empty());
}

TEST_F(claude_session_requests, are_told_of_after_a_minute) {
  ask();
  EXPECT_EQ(session().due(), now + 60s);
  pass(60s);
  EXPECT_EQ(log.count("request_unanswered"), 1u);
  pass(60s);
  EXPECT_EQ(log.count("request_unanswered"), 1u);
  EXPECT_EQ(to_claude(), "") << "nothing is denied";
}

TEST_F(claude_session_requests, are_denied_after_the_time_that_was_given) {
  settings.permission_timeout = 5s;
  ask();
  pass(4999ms);
  EXPECT_EQ(to_claude(), "");
  pass(1ms);
  auto answer = json::parse(to_claude());
  EXPECT_EQ(answer["type"], "control_response");
  EXPECT_EQ(answer["response"]["request_id"], "q1");
  EXPECT_EQ(answer["response"]["response"]["behavior"], "deny");
  EXPECT_THAT(answer["response"]["response"]["message"].get<std::string>(),
              HasSubstr("Nobody has answered"));
  auto told = record();
  EXPECT_EQ(told["subtype"], "permission_timed_out");
  EXPECT_EQ(told["request_id"], "q1");
  EXPECT_EQ(told["tool"], "Bash");
  EXPECT_EQ(told["after_ms"], 5000);
  EXPECT_EQ(relayed, cancelled("q1"));
  EXPECT_EQ(log.count("permission_timed_out"), 1u);
  EXPECT_TRUE(session().requests(now).empty());
  EXPECT_TRUE(session().kept().open_requests.empty());
}

TEST_F(claude_session_requests, are_denied_in_transparent_mode_too) {
  settings.permission_timeout = 5s;
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  session();
  start();
  claude(claude::can_use_tool("q1"));
  pass(0ms);
  to_host();
  pass(5s);
  EXPECT_THAT(to_claude(), HasSubstr("deny"));
  EXPECT_EQ(subtypes(), "permission_timed_out");
  EXPECT_EQ(relayed, cancelled("q1"));
}

TEST_F(claude_session_requests, of_a_claude_that_dies_are_cancelled) {
  ask();
  crash();
  EXPECT_EQ(subtypes(), "claude_exited");
  EXPECT_EQ(relayed, cancelled("q1"));
  EXPECT_TRUE(session().requests(now).empty());
}

TEST_F(claude_session_requests, of_one_that_died_with_its_agent_are_cancelled) {
  ask();
  to_host();
  next_agent(false);
  EXPECT_EQ(subtypes(), "claude_exited");
  EXPECT_EQ(relayed, cancelled("q1"));
}

TEST_F(claude_session_requests, that_were_answered_are_not_cancelled) {
  ask();
  host(claude::permission("q1"));
  crash();
  records();
  EXPECT_EQ(relayed, "");
}

TEST_F(claude_session_requests, are_nothing_that_text_output_shows) {
  settings.encoder = encoder_kind::text;
  settings.permission_timeout = 5s;
  ask();
  pass(5s);
  EXPECT_THAT(to_claude(), HasSubstr("deny"));
  EXPECT_EQ(to_host(), "");
}

// -- an interrupt that somebody wants -----------------------------------------

TEST_F(claude_session_requests, an_interrupt_names_the_prompt) {
  ready();
  prompt("u1");
  to_claude();
  auto outcome = session().interrupt_on_request();
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.text, "Claude was told to interrupt the turn of prompt u1");
  EXPECT_EQ(json::parse(to_claude())["request"]["subtype"], "interrupt");
}

TEST_F(claude_session_requests, an_interrupt_reaches_claudes_own_turn) {
  ready();
  claude(claude::init());
  EXPECT_EQ(session().interrupt_on_request().text,
            "Claude was told to interrupt a turn of its own");
  EXPECT_NE(to_claude(), "");
}

TEST_F(claude_session_requests, an_interrupt_of_nothing_is_refused) {
  EXPECT_EQ(session().interrupt_on_request().text, "Claude is not ready");
  ready();
  auto outcome = session().interrupt_on_request();
  EXPECT_FALSE(outcome.done);
  EXPECT_EQ(outcome.text, "no turn is in flight");
  claude(claude::tasks({"t1"}));
  EXPECT_THAT(session().interrupt_on_request().text, HasSubstr("background"));
  EXPECT_EQ(to_claude(), "");
}

// -- a host that speaks the whole protocol ------------------------------------

namespace {

class transparent_hosts : public claude_session_requests {
public:
  transparent_hosts() {
    settings.transparent = true;
    settings.encoder = encoder_kind::transparent;
  }

  /// What Claude was to say, said in its place.
  std::vector<json> said() {
    records();
    std::vector<json> result;
    std::istringstream text{relayed};
    for (std::string line; std::getline(text, line);)
      result.push_back(json::parse(line));
    return result;
  }

  void request(const std::string& id) {
    host(R"({"type":"control_request","request_id":")" + id
         + R"(","request":{"subtype":"set_model"}})");
  }
};

} // namespace

TEST_F(transparent_hosts, get_the_end_of_what_claude_dies_over) {
  start();
  claude(claude::init());
  to_host();
  request("h1");
  prompt("u1");
  crash();
  auto lines = said();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["type"], "control_response");
  EXPECT_EQ(lines[0]["response"]["subtype"], "error");
  EXPECT_EQ(lines[0]["response"]["request_id"], "h1");
  EXPECT_EQ(lines[1]["type"], "result");
  EXPECT_EQ(lines[1]["subtype"], "error_during_execution");
  EXPECT_EQ(lines[1]["is_error"], true);
  EXPECT_EQ(lines[1]["session_id"], claude::session);
}

TEST_F(transparent_hosts, are_told_no_end_of_what_was_answered) {
  start();
  request("h1");
  prompt("u1");
  claude(R"({"type":"control_response","response":{"subtype":"success",)"
         R"("request_id":"h1"}})"
         "\n"
         + claude::result({"u1"}, "yes"));
  to_host();
  crash();
  EXPECT_TRUE(said().empty());
}

TEST_F(transparent_hosts, are_owed_a_result_after_one_of_claudes_own) {
  start();
  prompt("u1");
  claude(claude::own_result("a task"));
  to_host();
  crash();
  ASSERT_EQ(said().size(), 1u);
  start(true);
  crash();
  EXPECT_TRUE(said().empty()) << "told once";
}

TEST_F(transparent_hosts, what_waits_for_the_next_claude_is_left_to_it) {
  start();
  session().on_restart_claude(restart_claude{"wish", false});
  request("h1");
  prompt("u1");
  to_host();
  child_ended end;
  end.renewal = "wish";
  end_child(end);
  EXPECT_TRUE(said().empty());
  start(true);
  crash();
  EXPECT_EQ(said().size(), 2u);
}

TEST_F(claude_session_requests, other_hosts_get_no_such_result) {
  ready();
  prompt("u1");
  records();
  crash();
  records();
  EXPECT_EQ(relayed, "") << "the prompt is sent again";
}

} // namespace container_agent::test
