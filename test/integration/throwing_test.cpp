#include "test/integration/client.hpp"
#include "test/support/actor_fixture.hpp"
#include "test/support/kept_host.hpp"
#include "test/support/prompt_ledger.hpp"
#include "test/support/random_bytes.hpp"

#include <caf/uniform_type_info_map.hpp>

#include <set>

/// Each handler of each actor throws once, in the real program: once before it
/// has done anything, once when all is done.
namespace container_agent::test {

namespace {

// -- all handlers that there are ----------------------------------------------

template <class Signature>
struct message_of;

template <class Message, class Output>
struct message_of<caf::typed_mpi<caf::detail::type_list<Message>, Output>> {
  using type = Message;
};

using handler_set = std::set<std::string>;

template <class... Signatures>
void add_handlers(handler_set& into, const std::string& actor,
                  caf::detail::type_list<Signatures...>) {
  stepped_config config;
  caf::actor_system system{config};
  auto name = [&](const std::type_info& type) {
    return system.types().portable_name(caf::rtti_pair{0, &type});
  };
  (into.insert(actor + ' '
               + name(typeid(typename message_of<Signatures>::type))),
   ...);
}

handler_set all_handlers() {
  handler_set all;
  add_handlers(all, "pipe_input", pipe_input_actor::signatures{});
  add_handlers(all, "conversation", conversation_actor::signatures{});
  add_handlers(all, "claude_process", claude_process_actor::signatures{});
  add_handlers(all, "pipe_output", pipe_output_actor::signatures{});
  add_handlers(all, "control", control_actor::signatures{});
  add_handlers(all, "health_monitor", health_monitor_actor::signatures{});
  add_handlers(all, "shutdown_coordinator",
               shutdown_coordinator_actor::signatures{});
  add_handlers(all, "supervisor", supervisor_actor::signatures{});
  return all;
}

// -- an agent whose handlers throw --------------------------------------------

/// Its options: restarts without a limit that matters, and next to no wait.
agent_options throwing(const std::filesystem::path& log, int pause,
                       std::vector<std::string> more = {}) {
  agent_options options;
  options.program = throwing_agent_binary();
  options.env["THROWING_AGENT_LOG"] = log;
  options.env["THROWING_AGENT_PAUSE"] = std::to_string(pause);
  options.args = {"--max-restarts",      "1000", "--restart-delay", "0ms",
                  "--restart-delay-max", "2ms"};
  options.args.insert(options.args.end(), more.begin(), more.end());
  return options;
}

/// A host that gives prompts and keeps book of what becomes of them.
class bookkeeper {
public:
  explicit bookkeeper(agent_process& agent) : agent_{agent} {}

  void prompt(const std::string& text) {
    char uuid[37];
    std::snprintf(uuid, sizeof(uuid), "00000000-0000-4000-8000-%012zu",
                  uuids_.size());
    uuids_.emplace_back(uuid);
    agent_.prompt(text, uuids_.back());
  }

  /// Reads on until at most so many prompts have no end yet.
  void read_until_open(std::size_t most) {
    while (uuids_.size() - ledger_.ends() > most)
      ledger_.take(agent_.next_line());
  }

  /// Reads on until a line with this text.
  void read_until(std::string_view text) {
    for (std::string line; line.find(text) == std::string::npos;) {
      line = agent_.next_line();
      ledger_.take(line);
    }
  }

  /// The rest, up to the end of the output.
  void read_rest() {
    while (auto line = agent_.try_next_line())
      ledger_.take(*line);
  }

  /// Each prompt was accepted once, ran once, and came to one end.
  void expect_exactly_once() {
    for (const auto& uuid : uuids_) {
      const auto& e = ledger_.of(uuid);
      EXPECT_EQ(e.accepted, 1) << uuid;
      EXPECT_EQ(e.ends(), 1) << uuid;
      EXPECT_LE(count_in(agent_.state_dir() / "completed", uuid), 1U) << uuid;
    }
    EXPECT_THAT(ledger_.torn(), testing::IsEmpty());
  }

  void expect_all_answered() {
    expect_exactly_once();
    for (const auto& uuid : uuids_)
      EXPECT_EQ(ledger_.of(uuid).results, 1) << uuid;
  }

private:
  agent_process& agent_;
  prompt_ledger ledger_;
  std::vector<std::string> uuids_;
};

/// A subcommand, until it has succeeded: each fault strikes once, so it must.
void insist(const agent_process& agent, const std::string& command) {
  for (int i = 0; i < 20; ++i)
    if (ask_agent(agent, command).status == yes)
      return;
  ADD_FAILURE() << command << " never succeeds";
}

using lines = std::vector<std::string>;

lines thrown(const std::filesystem::path& log) {
  return lines_of(log);
}

} // namespace

TEST(throwing, handlers_under_load_lose_and_double_nothing) {
  temp_dir dir;
  auto log = dir / "thrown";
  agent_process agent{throwing(log, 40, {"--health-interval", "20ms"})};
  bookkeeper host{agent};
  for (int i = 0; i < 1500; ++i) {
    host.prompt(i % 100 == 50 ? "crash-once 3" : "number " + std::to_string(i));
    if (i % 25 == 0)
      agent.write_json({{"type", "container_agent"}, {"subtype", "status"}});
    host.read_until_open(8);
  }
  host.read_until_open(0);
  agent.send_signal(SIGTERM);
  host.read_rest();
  EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  host.expect_all_answered();
  EXPECT_GT(thrown(log).size(), 40U) << "so many handlers have work under load";
}

// Bytes in bulk are moved from pipe to pipe and can't be sent again.
TEST(throwing, handlers_of_bytes_in_bulk_lose_and_double_nothing) {
  temp_dir dir;
  auto log = dir / "thrown";
  auto options = throwing(log, 40, {"--mode", "raw"});
  options.claude_command = "cat";
  agent_process agent{options};
  std::string sent;
  for (std::uint64_t i = 0; i < 256; ++i) {
    auto block = random_bytes(256 * 1024, i); // as much as a pipe holds
    agent.write(block); // and reads what comes back meanwhile
    sent += block;
  }
  EXPECT_EQ(difference(agent.read_bytes(sent.size()), sent), "");
  agent.send_signal(SIGTERM);
  EXPECT_EQ(agent.read_to_eof(), "");
  EXPECT_EQ(agent.wait_exit(), graceful);
  EXPECT_GT(thrown(log).size(), 20U);
}

// The moments of a life that a conversation under load has not, in one agent
// each; together they reach every handler there is.
TEST(throwing, every_handler_of_every_actor_is_survived) {
  temp_dir dir;
  auto log = dir / "thrown";
  {
    SCOPED_TRACE("a shutdown in the middle of a turn");
    agent_process agent{throwing(log, 0, {"--health-interval", "20ms"})};
    bookkeeper host{agent};
    host.prompt("hello");
    host.read_until_open(0);
    for (auto moment : {" before", " after"})
      agent.wait_for_stderr(
        std::string{"health_monitor ::container_agent::health_tick"} + moment);
    gate turn{agent};
    host.prompt(turn.prompt());
    agent.write_json({{"type", "container_agent"}, {"subtype", "status"}});
    agent.send_signal(SIGTERM);
    turn.open();
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_all_answered();
  }
  {
    SCOPED_TRACE("a shutdown that has to be forced");
    agent_process agent{throwing(log, 0, {"--drain-timeout", "100ms"})};
    bookkeeper host{agent};
    host.prompt("stubborn");
    host.read_until(R"("state":"started")");
    agent.send_signal(SIGTERM);
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_exactly_once();
  }
  {
    SCOPED_TRACE("the end of the input");
    agent_process agent{throwing(log, 0, {"--exit-on-eof"})};
    bookkeeper host{agent};
    host.prompt("crash-once 3");
    agent.close_input();
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_all_answered();
  }
  {
    SCOPED_TRACE("a stall");
    agent_process agent{throwing(log, 0, {"--stall-timeout", "200ms"})};
    bookkeeper host{agent};
    host.prompt("hang");
    host.read_until_open(0);
    agent.send_signal(SIGTERM);
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_exactly_once();
  }
  {
    SCOPED_TRACE("a Claude that closes its stdout, a host that does not read");
    agent_process agent{throwing(log, 0, {"--max-backlog", "2MiB"})};
    bookkeeper host{agent};
    host.prompt("close-stdout-once");
    host.read_until_open(0);
    directory_watch watch(agent.state_dir());
    agent.set_reading(false);
    host.prompt("flood 4000000");
    watch.wait_until(
      [&] { return kind_of(agent.state_dir() / "stalled") == "regular"; },
      "a full output");
    agent.set_reading(true);
    host.read_until_open(0);
    agent.send_signal(SIGTERM);
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_all_answered();
  }
  {
    SCOPED_TRACE("a Claude that is given up");
    auto options = throwing(
      log, 0,
      {"--on-give-up", "wait", "--restart", "claude_process=transient,max=0"});
    options.claude_args = {"--fail-start", "3"};
    agent_process agent{options};
    bookkeeper host{agent};
    agent.wait_for_log("gave_up");
    host.prompt("hello");
    host.read_until_open(0);
    agent.send_signal(SIGTERM);
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  }
  {
    SCOPED_TRACE("a reply that nobody reads");
    auto options
      = throwing(log, 0, {"--compat", "cc-bridge", "--reply-timeout", "100ms"});
    options.open_output = false;
    agent_process agent{options};
    agent.write_line("hello");
    agent.wait_for_log("reply_dropped");
    agent.send_signal(SIGTERM);
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
  }
  {
    SCOPED_TRACE("what is asked through the control socket");
    agent_process agent{throwing(log, 0)};
    bookkeeper host{agent};
    host.prompt("hello");
    host.read_until_open(0);
    // Each answer leaves the health monitor with a deadline that passes later.
    for (auto moment : {" before", " after"}) {
      insist(agent, "status");
      agent.wait_for_stderr(
        std::string{"health_monitor ::container_agent::deadline_passed"}
        + moment);
    }
    insist(agent, "restart-claude");
    // Two may have been asked for, as the first answer may have been lost.
    agent.wait_for_log("restart_planned");
    host.prompt("hang");
    host.read_until(R"("state":"started")");
    // The first one is lost; the second one reaches Claude.
    for (auto moment : {" before", " after"}) {
      ask_agent(agent, "interrupt");
      agent.wait_for_stderr(
        std::string{"conversation ::container_agent::interrupt_claude"}
        + moment);
    }
    host.read_until_open(0);
    host.prompt("again");
    host.read_until_open(0);
    insist(agent, "stop");
    host.read_rest();
    EXPECT_EQ(agent.wait_exit(), (exit_status{0, 0}));
    host.expect_all_answered();
  }
  auto all = thrown(log);
  lines spared;
  for (const auto& handler : all_handlers())
    for (auto moment : {" before", " after"})
      if (std::count(all.begin(), all.end(), handler + moment) == 0)
        spared.push_back(handler + moment);
  EXPECT_THAT(spared, testing::IsEmpty());
}

TEST(throwing, an_assertion_that_fails_ends_the_agent_for_the_next_one) {
  temp_dir dumps;
  kept_host host{{"--trace-dir", dumps.path()}, {}, {}, keep::nothing};
  host.start_agent(
    throwing_agent_binary(),
    {{"THROWING_AGENT_ASSERTS", "1"},
     {"THROWING_AGENT_LOG", host.dir() / "failed"},
     {"THROWING_AGENT_ONLY",
      "conversation ::container_agent::child_output_grew after"}});
  host.prompt("hello", "u-1");
  while (host.unwritten() > 0)
    host.step(1000, deadline{});
  EXPECT_EQ(host.agent().wait_exit(), (exit_status{0, SIGABRT}));
  auto log = host.agent().stderr_text();
  EXPECT_THAT(log, testing::ContainsRegex(
                     "\"event\":\"assertion_failed\","
                     "\"condition\":\"!asserts_\","
                     "\"file\":\"throwing_agent_main.cpp\",\"line\":[0-9]+"));
  if (!sanitized()) // the sanitizers report crashes themselves
    EXPECT_THAT(
      log, HasSubstr("\"trace_dumped\",\"path\":\"" + dumps.path().string()));
  host.start_agent();
  host.wait_for_result("u-1");
  EXPECT_EQ(count_in(host.state_dir() / "completed", "u-1"), 1U);
  EXPECT_EQ(host.end_agent(SIGTERM), graceful);
}

TEST(throwing, a_supervisor_that_is_given_up_leaves_no_prompt_without_an_end) {
  temp_dir dir;
  auto options = throwing(dir / "thrown", 0);
  options.args = {"--max-restarts", "0"};
  options.env["THROWING_AGENT_ONLY"]
    = "supervisor ::container_agent::begin_shutdown before";
  agent_process agent{options};
  bookkeeper host{agent};
  gate turn{agent};
  host.prompt(turn.prompt());
  host.prompt("and one that waits");
  host.read_until(R"("state":"started")");
  agent.send_signal(SIGTERM);
  host.read_rest();
  EXPECT_EQ(agent.wait_exit(), (exit_status{1, 0}));
  host.expect_exactly_once();
  EXPECT_EQ(thrown(dir / "thrown").size(), 1U);
}

} // namespace container_agent::test
