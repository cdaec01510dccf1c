#include "test/integration/http_client.hpp"

/// The pages: who gets them, what they say, and who does not get them.
namespace container_agent::test {

namespace {

using testing::ContainsRegex;
using testing::Not;
using testing::StartsWith;

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
  EXPECT_THAT(metrics_faults(metrics.body), testing::IsEmpty());
  EXPECT_EQ(metric(metrics.body, "container_agent_ready"), 1);
  EXPECT_EQ(metric(metrics.body,
                   R"(container_agent_prompts_total{outcome="answered"})"),
            1);
  EXPECT_EQ(metric(metrics.body, "container_agent_turn_duration_seconds_count"),
            1);
  EXPECT_GE(metric(metrics.body,
                   R"(container_agent_messages_total{type="input_grew"})"),
            1);
  EXPECT_GE(metric(metrics.body, R"(container_agent_bytes_total{port=)"
                                 R"("host_input",direction="in"})"),
            6);
  auto view = served.get("/");
  EXPECT_EQ(view.status, 200);
  EXPECT_THAT(view.head, ContainsRegex("Content-Security-Policy: default-src "
                                       "'none'; script-src 'sha256-"));
  for (const auto* header :
       {"frame-ancestors 'none'", "Cache-Control: no-store", "Date: ",
        "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer"})
    EXPECT_THAT(view.head, HasSubstr(header));
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
  EXPECT_EQ(ask("/metrics", ""), 401);
  EXPECT_EQ(ask("/trace", ""), 401);
  EXPECT_EQ(ask("/", ""), 200) << "the page has the token in its own address";
  served.agent.wait_for_record("ready");
  auto probe = [&](const std::string& more) {
    return get(connect_tcp(here), "/readyz", "Host: pod.example\r\n" + more);
  };
  EXPECT_EQ(probe("").status, 200);
  EXPECT_EQ(probe("").body, "ready\n") << "reasons are for those who know it";
  EXPECT_EQ(probe("Authorization: Bearer s3cret-of-this-test\r\n").body,
            "ready: ready, Claude takes prompts\n");
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
  EXPECT_EQ(page_of(slow.read_rest()).status, 408);
}

TEST(http, one_too_many_is_told_so_and_the_control_socket_has_its_own_slots) {
  http_agent served;
  served.agent.wait_for_record("ready");
  std::vector<http_client> idle;
  for (int i = 0; i < 16; ++i)
    idle.emplace_back(served.connect());
  http_client one_more{served.connect()};
  EXPECT_EQ(page_of(one_more.read_rest()).status, 503);
  EXPECT_EQ(ask_agent(served.agent, "health").status, yes);
  idle.clear();
  // It may take the new one before it sees that the others have gone.
  int tries = 0;
  while (served.get("/livez").status != 200)
    ASSERT_LT(++tries, 100);
}

TEST(http, is_served_by_ipv6_too) {
  unique_fd probe{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&loopback),
             sizeof loopback)
      != 0)
    // Reason for the skip: where the kernel has no IPv6, as in many containers,
    // there is no [::1] to serve at. The other tests serve at 127.0.0.1.
    GTEST_SKIP() << "this machine has no [::1]"; // reason: no IPv6
  http_agent served{{}, "[::1]:0"};
  EXPECT_EQ(served.get("/livez").status, 200);
  EXPECT_EQ(served.get("/", "Host: " + served.address() + "\r\n").status, 200);
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
  EXPECT_THAT(trace.read_rest(), HasSubstr("input_grew"));
  EXPECT_THAT(trace.text(), Not(HasSubstr("planted")));
}

} // namespace container_agent::test
