#include "test/cli/option_support.hpp"

#include "main/client/client.hpp"
#include "main/client/control_client.hpp"
#include "main/client/status_table.hpp"

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

client_options read(const strings& arguments, const strings& variables = {}) {
  return accepted<client_options>(arguments, variables);
}

} // namespace

TEST(client_options, have_the_documented_defaults) {
  auto x = read({"health"});
  EXPECT_EQ(x.command, "health");
  EXPECT_EQ(x.socket, "/tmp/cc-bridge-pipes/claude.control.sock");
  EXPECT_EQ(x.timeout, 5s);
  EXPECT_FALSE(x.live || x.ready || x.json || x.now);
}

TEST(client_options, are_read) {
  EXPECT_EQ(read({"stop", "--timeout", "1ms"}).timeout, 1ms);
  EXPECT_EQ(read({"stop", "--timeout", "24h"}).timeout, 24h);
  EXPECT_TRUE(read({"health", "--live"}).live);
  EXPECT_TRUE(read({"health", "--ready"}).ready);
  EXPECT_TRUE(read({"status", "--json"}).json);
  EXPECT_TRUE(read({"restart-claude", "--now"}).now);
  EXPECT_EQ(read({"stop"}, {"CONTAINER_AGENT_TIMEOUT=7s"}).timeout, 7s);
}

TEST(client_options, find_the_socket_as_the_agent_does) {
  for (const auto& arguments :
       std::vector<strings>{{},
                            {"--pipe-dir", "/p", "--instance", "a"},
                            {"--control-socket", "/c"},
                            {"--control-socket", "none"}}) {
    auto both = arguments;
    both.insert(both.begin(), "health");
    EXPECT_EQ(read(both).socket, accepted(arguments).control.path);
  }
}

TEST(client_options, of_tail_are_read) {
  auto x = read({"tail"});
  EXPECT_EQ(x.state, "/tmp/cc-bridge-pipes/claude.state");
  EXPECT_EQ(x.from, "start");
  EXPECT_FALSE(x.follow);
  x = read({"tail", "--from", "1234", "--follow"});
  EXPECT_EQ(x.from, "1234");
  EXPECT_TRUE(x.follow);
  EXPECT_EQ(read({"tail", "--from=end"}).from, "end");
}

TEST(client_options, find_the_state_as_the_agent_does) {
  for (const auto& arguments :
       std::vector<strings>{{},
                            {"--pipe-dir", "/p", "--instance", "a"},
                            {"--state-dir", "/s"},
                            {"--state-dir", "none"}}) {
    auto both = arguments;
    both.insert(both.begin(), "tail");
    EXPECT_EQ(read(both).state, accepted(arguments).state.directory);
  }
}

TEST(client_options, options_of_the_agent_are_no_mistakes) {
  read({"health", "--max-queue", "7", "--mode", "raw", "--", "--model", "x"});
}

TEST(client_options, may_stand_before_the_subcommand_if_they_are_the_agents) {
  EXPECT_EQ(read({"--pipe-dir", "/p", "stop"}).socket,
            "/p/claude.control.sock");
}

TEST(client_options, mistakes_are_refused) {
  EXPECT_THAT(refused({"status", "--live"}),
              HasSubstr("unknown option \"--live\""));
  EXPECT_THAT(refused({"health", "--live", "--ready"}),
              HasSubstr("--ready excludes --live"));
  for (auto time : {"0", "25h"})
    EXPECT_THAT(refused({"health", "--timeout", time}),
                HasSubstr("not in range 1 to 86400000"));
  EXPECT_THAT(refused({"health", "--follow"}), HasSubstr("unknown option"));
  for (auto from : {"begin", "-1", "1k", "18446744073709551616"})
    EXPECT_THAT(refused({"tail", "--from", from}),
                HasSubstr("--from: (" + std::string{from} + " not in {start,"));
  EXPECT_THAT(refused({"--json"}), HasSubstr("unknown option \"--json\""));
  EXPECT_THAT(refused({"health", "status"}),
              HasSubstr("unexpected argument \"status\""));
}

TEST(client, every_state_of_a_silent_process_is_described) {
  for (char state : {'R', 'S', 'D', 'T', 't', 'Z', 'X'})
    EXPECT_NE(describe_silence(state), describe_silence('?')) << state;
}

TEST(client, without_a_socket_there_is_nobody_to_ask) {
  auto end = ask_agent({.command = "health", .socket = "", .ready = true});
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.text, "not ready: there is nobody to ask with "
                      "--control-socket none\n");
}

TEST(status_table, shows_what_is_there_and_a_mark_for_what_is_not) {
  auto text = status_table(R"({"state":"busy","why":"a turn is in flight",
    "live":true,"claude":{"running":true,"pid":7,"rss_bytes":1048576},
    "prompts":{"in_flight":1},"turn":{"age_ms":1500,"silence_ms":20},
    "silent":"pipe_output"})");
  EXPECT_THAT(text, HasSubstr("state     busy: a turn is in flight\n"));
  EXPECT_THAT(text, HasSubstr("live      yes\nready     no\n"));
  EXPECT_THAT(text, HasSubstr("process 7, session not begun, launched ? times, "
                              "1.0 MiB, ? s of CPU\n"));
  EXPECT_THAT(text, HasSubstr("1 in flight (for 1.5 s, silent for 0.0 s)"));
  EXPECT_THAT(text, HasSubstr("silent    pipe_output\n"));
}

TEST(status_table, what_is_no_document_stays_as_it_is) {
  EXPECT_EQ(status_table("[]"), "[]\n");
  EXPECT_EQ(status_table("{"), "{\n");
}

} // namespace container_agent::test
