#include "test/integration/http_client.hpp"

#include <set>
#include <sstream>

/// The stream of the trace, by HTTP and on the control socket.
namespace container_agent::test {

namespace {

const std::string trace_request
  = "GET /trace?past=0 HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string trace_of(const std::string& text) {
  auto at = text.find("\r\n\r\n");
  return at == std::string::npos ? "" : text.substr(at + 4);
}

/// Types of messages, in lines or server-sent events.
std::set<std::string> types_in(const std::string& text) {
  std::set<std::string> types;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (auto at = line.find('{'); at != std::string::npos)
      types.insert(json::parse(line.substr(at)).value("type", ""));
  return types;
}

bool has_begun(const std::string& text) {
  return text.find("\"stream\"") != std::string::npos;
}

} // namespace

TEST(http_trace, streams_events_until_the_agent_ends) {
  http_agent served;
  served.agent.wait_for_record("ready");
  http_client client{served.connect()};
  client.say(trace_request);
  ASSERT_TRUE(client.read_until(has_begun));
  EXPECT_THAT(client.text(), HasSubstr("Content-Type: text/event-stream"));
  served.agent.write_line("hello");
  served.agent.wait_for_answer("echo: hello");
  EXPECT_EQ(served.agent.stop(), (exit_status{0, 0}));
  client.read_rest();
  std::istringstream lines{trace_of(client.text())};
  for (std::string line; std::getline(lines, line);)
    ASSERT_TRUE(line.empty() || line.starts_with("data: {")) << line;
  EXPECT_THAT(types_in(trace_of(client.text())),
              testing::IsSupersetOf({"input_grew", "child_input_grew",
                                     "child_output_grew", "stop_agent"}));
}

TEST(http_trace, two_get_the_same_and_one_that_leaves_is_forgotten) {
  http_agent served;
  served.agent.wait_for_record("ready");
  http_client one{served.connect()};
  one.say(trace_request);
  ASSERT_TRUE(one.read_until(has_begun));
  {
    http_client two{served.connect()};
    two.say(trace_request);
    ASSERT_TRUE(two.read_until(has_begun));
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
  slow.say(trace_request);
  ASSERT_TRUE(slow.read_until(has_begun));
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

TEST(http_trace, begins_with_what_the_agent_remembers) {
  http_agent served;
  served.agent.write_line("hello");
  served.agent.wait_for_answer("echo: hello");
  http_client client{served.connect()};
  client.say("GET /trace?type=input_grew HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.read_until(
    [](const auto& text) { return text.find("\"input_grew\"") != text.npos; }));
  EXPECT_EQ(served.get("/trace?colour=red").status, 400);
}

TEST(http_trace, leaves_slots_for_those_who_ask_briefly) {
  http_agent served;
  served.agent.wait_for_record("ready");
  std::vector<http_client> watching;
  for (int i = 0; i < 8; ++i) {
    watching.emplace_back(served.connect());
    watching.back().say(trace_request);
    ASSERT_TRUE(watching.back().read_until(has_begun));
  }
  EXPECT_EQ(served.get("/trace").status, 503);
  EXPECT_EQ(served.get("/livez").status, 200);
  http_client lines{connect_unix(socket_of(served.agent))};
  lines.say("{\"command\":\"trace\"}\n");
  EXPECT_THAT(lines.read_rest(), HasSubstr("enough clients"));
}

TEST(http_trace, costs_no_wake_up_while_nothing_happens) {
  agent_options options;
  options.args = {"--health-interval", "0"};
  http_agent served{options};
  auto& agent = served.agent;
  agent.wait_for_record("ready");
  http_client client{served.connect()};
  client.say(trace_request);
  ASSERT_TRUE(client.read_until(has_begun));
  auto idle_count
    = [&] { return status_of(agent.pid()).at("voluntary_ctxt_switches"); };
  std::string before;
  do {
    before = idle_count();
    ::poll(nullptr, 0, 200);
  } while (idle_count() != before);
  ::poll(nullptr, 0, 1500);
  EXPECT_EQ(idle_count(), before);
}

TEST(control_trace, gives_lines_of_what_is_asked_for) {
  agent_process agent;
  agent.wait_for_record("ready");
  http_client client{connect_unix(socket_of(agent))};
  client.say(std::string{R"({"command":"trace","types":["input_grew"],)"}
             + R"("prompt":")" + first_uuid + "\"}\n");
  ASSERT_TRUE(client.read_until(has_begun));
  // It has nothing more to say, and still reads.
  ::shutdown(client.fd(), SHUT_WR);
  agent.prompt("one", second_uuid);
  // All of it, else the news of one is read with that of the other.
  agent.wait_for(
    [](const json& line) { return line.value("state", "") == "completed"; },
    "the turn's end");
  agent.prompt("two", first_uuid);
  agent.wait_for_answer("echo: two");
  agent.stop();
  client.read_rest();
  EXPECT_EQ(types_in(client.text()), (std::set<std::string>{"", "input_grew"}));
  std::istringstream lines{client.text()};
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(json::parse(line)["source"], "stream");
  std::getline(lines, line);
  EXPECT_EQ(json::parse(line)["trace"], "11111111111141118111111111111111");
  EXPECT_FALSE(std::getline(lines, line)) << line;
}

TEST(control_trace, says_what_is_wrong_with_a_wish) {
  agent_process agent;
  agent.wait_for_record("ready");
  http_client client{connect_unix(socket_of(agent))};
  client.say("{\"command\":\"trace\",\"types\":1}\n");
  ::shutdown(client.fd(), SHUT_WR);
  EXPECT_THAT(client.read_rest(), HasSubstr("is not a list of strings"));
}

} // namespace container_agent::test
