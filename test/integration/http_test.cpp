#include "test/integration/http_client.hpp"

#include <regex>

/// The pages: who gets them, what they say, and who does not get them.
namespace container_agent::test {

namespace {

using testing::ContainsRegex;
using testing::Not;
using testing::StartsWith;

/// The value of a metric, as a line of the text has it; -1: there is none.
double metric(const std::string& text, const std::string& name) {
  auto begin = text.find('\n' + name + ' ');
  return begin == std::string::npos
           ? -1
           : std::stod(text.substr(begin + name.size() + 2));
}

/// What Prometheus accepts: comments, and samples.
bool is_metrics_text(const std::string& text) {
  static const std::regex line{
    R"re((# (HELP|TYPE) [a-z_]+ .+)|([a-z_]+(\{([a-z_]+="[^"\\]*",?)+\})? )re"
    R"re([-+0-9.e]+|[a-z_]+_bucket\{le="\+Inf"\} [0-9]+))re"};
  std::istringstream lines{text};
  for (std::string each; std::getline(lines, each);)
    if (!std::regex_match(each, line)) {
      ADD_FAILURE() << each;
      return false;
    }
  return text.ends_with('\n');
}

std::string trace_of(const std::string& text) {
  auto at = text.find("\r\n\r\n");
  return at == std::string::npos ? "" : text.substr(at + 4);
}

} // namespace

TEST(http, pages_tell_of_health_status_and_metrics) {
  http_agent served;
  auto& agent = served.agent;
  agent.wait_for_record("ready");
  agent.write_line("hello");
  agent.wait_for_answer("echo: hello");
  auto live = served.get("/livez");
  EXPECT_EQ(live.status, 200);
  EXPECT_EQ(live.body, "live: ready, Claude takes prompts\n");
  EXPECT_EQ(served.get("/readyz").status, 200);
  auto status = served.status();
  EXPECT_EQ(status["state"], "ready");
  EXPECT_EQ(status["prompts"]["answered"], 1);
  EXPECT_EQ(status["turns"]["duration"]["counts"].size(), 15U);
  auto metrics = served.get("/metrics");
  EXPECT_THAT(metrics.head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_TRUE(is_metrics_text(metrics.body));
  EXPECT_EQ(metric(metrics.body, "container_agent_ready"), 1);
  EXPECT_EQ(metric(metrics.body,
                   R"(container_agent_prompts_total{outcome="answered"})"),
            1);
  EXPECT_EQ(metric(metrics.body, "container_agent_turn_duration_seconds_count"),
            1);
  EXPECT_GT(metric(metrics.body, "container_agent_messages_total"), 0);
  EXPECT_GE(metric(metrics.body, R"(container_agent_bytes_total{port=)"
                                 R"("host_input",direction="in"})"),
            6);
  auto view = served.get("/");
  EXPECT_EQ(view.status, 200);
  EXPECT_THAT(view.head, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(view.body, StartsWith("<!DOCTYPE html>"));
}

TEST(http, probes_say_no_while_claude_is_not_there) {
  agent_options options;
  options.args = {"--on-give-up", "wait", "--max-restarts", "0"};
  options.claude_args = {"--fail-start", "1"};
  http_agent served{options};
  served.agent.wait_for_log("gave_up");
  auto ready = served.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, StartsWith("not ready: "));
  auto metrics = served.get("/metrics").body;
  EXPECT_EQ(metric(metrics, "container_agent_ready"), 0);
}

TEST(http, restarts_and_costs_are_counted) {
  agent_options options;
  options.args = fast_restarts();
  http_agent served{options};
  served.agent.write_line("crash-once 3");
  served.agent.wait_for_answer("echo: crash-once");
  auto status = served.status();
  EXPECT_EQ(status["restarts"]["by_actor"][0]["actor"], "claude_process");
  EXPECT_EQ(status["restarts"]["by_actor"][0]["reason"], "child_ended");
  EXPECT_GT(status["cost"]["usd"], 0.0);
  auto metrics = served.get("/metrics").body;
  EXPECT_EQ(metric(metrics, "container_agent_restarts_total{actor="
                            "\"claude_process\",reason=\"child_ended\"}"),
            1);
  EXPECT_GT(metric(metrics, R"(container_agent_tokens_total{kind="output"})"),
            0);
}

TEST(http, nothing_else_is_to_be_had) {
  http_agent served;
  auto missing = served.get("/etc/passwd");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("/metrics\n"));
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    auto refused = served.get("/status", "Host: localhost\r\n", method);
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_THAT(refused.head, HasSubstr("Allow: GET, HEAD")) << method;
  }
  auto head = served.get("/status", "Host: localhost\r\n", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST(http, what_is_no_request_is_refused) {
  http_agent served;
  http_client garbage{served.connect()};
  garbage.say("hello\r\n\r\n");
  EXPECT_EQ(page_of(garbage.read_rest()).status, 400);
  http_client large{served.connect()};
  large.say("GET / HTTP/1.1\r\nHost: localhost\r\nX: "
            + std::string(9000, 'x'));
  EXPECT_EQ(page_of(large.read_rest()).status, 431);
  http_client body{served.connect()};
  body.say(
    "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"
    "12345");
  EXPECT_GE(page_of(body.read_rest()).status, 400);
  EXPECT_EQ(served.get("/livez").status, 200);
}

TEST(http, a_name_that_stands_for_this_machine_all_of_a_sudden_is_refused) {
  http_agent served;
  for (const auto* host :
       {"Host: evil.example\r\n", "Host: evil.example:80\r\n",
        "Host: 10.0.0.1\r\n", ""})
    EXPECT_EQ(served.get("/status", host).status, 403) << host;
  auto own = "Host: " + served.address() + "\r\n";
  EXPECT_EQ(served.get("/status", own).status, 200);
  EXPECT_EQ(served.get("/status", "Host: [::1]:80\r\n").status, 200);
  EXPECT_EQ(
    served.get("/status", own + "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(
    served.get("/status", own + "Origin: http://" + served.address() + "\r\n")
      .status,
    200);
}

TEST(http, a_token_is_asked_for_where_one_is_set) {
  temp_dir dir;
  write_file(dir / "token", "s3cret-of-this-test\n");
  agent_options options;
  options.args = {"--http-token-file", dir / "token"};
  http_agent served{options, "0.0.0.0:0"};
  auto here
    = "127.0.0.1" + served.address().substr(served.address().rfind(':'));
  auto ask = [&](const std::string& path, const std::string& more) {
    return get(connect_tcp(here), path, "Host: pod.example\r\n" + more).status;
  };
  EXPECT_EQ(ask("/status", ""), 401);
  EXPECT_EQ(ask("/nothing", ""), 401);
  EXPECT_EQ(ask("/status", "Authorization: Bearer wrong\r\n"), 401);
  EXPECT_EQ(ask("/status", "Authorization: Bearer s3cret-of-this-test2\r\n"),
            401);
  EXPECT_EQ(ask("/status", "Authorization: Bearer s3cret-of-this-test\r\n"),
            200);
  EXPECT_EQ(ask("/", ""), 200) << "the page has the token in its own address";
  EXPECT_THAT(served.agent.stderr_text(), Not(HasSubstr("s3cret")));
}

TEST(http, addresses_that_cannot_be_are_told_at_the_start) {
  http_agent first;
  auto run = [](std::vector<std::string> args) {
    temp_dir dir;
    args.insert(args.end(), {"--pipe-dir", dir / "pipes"});
    return run_program(args);
  };
  auto taken = run(
    {"--http", first.address(), "--claude-command", "cat", "--mode", "raw"});
  EXPECT_EQ(taken.status, (exit_status{3, 0}));
  EXPECT_THAT(taken.err, HasSubstr("Another program listens there"));
  auto open = run({"--http", "0.0.0.0:0"});
  EXPECT_EQ(open.status, (exit_status{2, 0}));
  EXPECT_THAT(open.err, HasSubstr("--http-token-file"));
  auto tokenless = run({"--http", "0.0.0.0:0", "--http-token-file", "/dev/null",
                        "--claude-command", "cat", "--mode", "raw"});
  EXPECT_EQ(tokenless.status, (exit_status{2, 0}));
  EXPECT_THAT(tokenless.err, HasSubstr("has no token in its first line"));
  for (const auto* address : {"localhost:80", "127.0.0.1", "::1:80",
                              "127.0.0.1:70000", "[127.0.0.1]:80"})
    EXPECT_EQ(run({"--http", address}).status, (exit_status{2, 0})) << address;
}

TEST(http, is_spoken_on_the_control_socket_too) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto socket = socket_of(agent);
  EXPECT_EQ(get(connect_unix(socket), "/readyz", "Host: anything\r\n").status,
            200);
  EXPECT_EQ(get(connect_unix(socket), "/x").status, 404);
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(http, one_connection_serves_one_request_after_the_other) {
  http_agent served;
  served.agent.wait_for_record("ready");
  http_client client{served.connect()};
  const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.say(request + request + request);
  EXPECT_TRUE(client.read_until([](const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find("live: "); at != std::string::npos;
         at = text.find("live: ", at + 1))
      ++count;
    return count == 3;
  }));
}

TEST(http, a_client_that_says_nothing_is_closed_and_holds_nobody_up) {
  http_agent served;
  served.agent.wait_for_record("ready");
  http_client silent{served.connect()};
  http_client slow{served.connect()};
  slow.say("GET /li");
  EXPECT_EQ(served.get("/livez").status, 200);
  EXPECT_EQ(silent.read_rest(), "");
  EXPECT_EQ(slow.read_rest(), "");
}

TEST(http, what_the_pages_tell_are_no_secrets) {
  agent_options options;
  options.env["ANTHROPIC_API_KEY"] = "sk-ant-planted-key";
  http_agent served{options};
  http_client trace{served.connect()};
  trace.say("GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n");
  trace.read_until([](const auto& text) { return text.size() > 500; });
  served.agent.write_line("my password is planted-prompt");
  served.agent.wait_for_answer("echo: my password");
  for (const auto* path : {"/livez", "/readyz", "/status", "/metrics"})
    EXPECT_THAT(served.get(path).body, Not(HasSubstr("planted"))) << path;
  served.agent.stop();
  EXPECT_THAT(trace.read_rest(), HasSubstr("host_line"));
  EXPECT_THAT(trace.text(), Not(HasSubstr("planted")));
}

// -- the stream ---------------------------------------------------------------

TEST(http_trace, streams_events_until_the_agent_ends) {
  http_agent served;
  served.agent.wait_for_record("ready");
  http_client client{served.connect()};
  client.say("GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(client.read_until(
    [](const auto& text) { return text.find("\"stream\"") != text.npos; }));
  EXPECT_THAT(client.text(), HasSubstr("Content-Type: text/event-stream"));
  served.agent.write_line("hello");
  served.agent.wait_for_answer("echo: hello");
  EXPECT_EQ(served.agent.stop(), (exit_status{0, 0}));
  client.read_rest();
  std::set<std::string> types;
  std::istringstream lines{trace_of(client.text())};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      continue;
    ASSERT_THAT(line, StartsWith("data: {"));
    types.insert(json::parse(line.substr(6)).value("type", ""));
  }
  EXPECT_THAT(types, testing::IsSupersetOf({"host_line", "child_input",
                                            "child_output", "stop_agent"}));
}

TEST(http_trace, two_get_the_same_and_one_that_leaves_is_forgotten) {
  http_agent served;
  served.agent.wait_for_record("ready");
  const std::string request = "GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n";
  http_client one{served.connect()};
  one.say(request);
  auto begun
    = [](const auto& text) { return text.find("\"stream\"") != text.npos; };
  ASSERT_TRUE(one.read_until(begun));
  {
    http_client two{served.connect()};
    two.say(request);
    ASSERT_TRUE(two.read_until(begun));
    EXPECT_EQ(served.status()["agent"]["control_connections"], 3);
  }
  served.agent.write_line("hello");
  served.agent.wait_for_answer("echo: hello");
  EXPECT_EQ(served.status()["agent"]["control_connections"], 2);
}

TEST(http_trace, who_does_not_read_loses_events_and_no_message) {
  http_agent served;
  auto& agent = served.agent;
  agent.wait_for_record("ready");
  http_client slow{served.connect()};
  slow.say("GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(slow.read_until(
    [](const auto& text) { return text.find("\"stream\"") != text.npos; }));
  double dropped = 0;
  for (int answered = 0; dropped == 0; answered += 500) {
    ASSERT_LT(answered, 50'000) << "nothing was ever left out";
    for (int i = 0; i < 500; ++i)
      agent.write_line("n" + std::to_string(answered + i));
    for (int i = 0; i < 500; ++i)
      agent.wait_for_answer("echo: n" + std::to_string(answered + i));
    dropped = metric(served.get("/metrics").body,
                     "container_agent_trace_events_dropped_total");
  }
  ASSERT_TRUE(slow.read_until([](const auto& text) {
    return text.find(R"("kind":"dropped")") != text.npos;
  }))
    << "it is told of what it did not get";
  agent.stop();
  slow.read_rest();
  double told = 0;
  std::istringstream lines{trace_of(slow.text())};
  for (std::string line; std::getline(lines, line);)
    if (line.find(R"("kind":"dropped")") != line.npos)
      told += json::parse(line.substr(6))["count"].get<double>();
  EXPECT_GE(told, dropped);
}

} // namespace container_agent::test
