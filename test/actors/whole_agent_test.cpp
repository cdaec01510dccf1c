#include "actors/agent_tree.hpp"
#include "actors/session/claude_session.hpp"

#include "test/actors/claude_lines.hpp"
#include "test/support/actor_fixture.hpp"
#include "test/support/control_ports.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <sstream>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// All actors together, wired as in main/app/wiring.cpp, over fake ports; and a
/// Claude Code that answers, when it is told to.
class whole_agent : public actor_fixture {
public:
  memory_log host_log;
  memory_log to_child;
  memory_log said;
  fake_inlet host_in{events, host_log};
  fake_host_outlet host_out{events, said};
  fake_child child{events, to_child, said};

  pipe_input_resources input{host_in, host_log, false};
  claude_session protocol{{}, {host_log, to_child, said}, context};
  child_link link{child, said, {{"claude", {"-p"}, {}, {}}}, context};
  pipe_output_resources output{host_out};
  shutdown_progress progress{{}};
  fake_control_port clients{events};
  fake_probe processes;

  std::optional<supervision> family;
  peers_changed now; ///< who is who now
  std::optional<std::int32_t> exit_code;

  void SetUp() override {
    agent_tree_config settings;
    settings.restarts.max_restarts = 1000;
    settings.restarts.jitter = 0;
    supervision_config config;
    config.children = agent_children(
      {input, protocol, link, output, progress, &clients, &processes}, settings,
      context);
    for (auto& spec : config.children)
      spec.start = [this, start = spec.start](supervisor_actor::pointer self,
                                              peers_changed& directory) {
        auto address = start(self, directory);
        now = directory;
        watch(caf::actor_cast<caf::actor>(address));
        return address;
      };
    config.on_stopped = [this](std::int32_t code) { exit_code = code; };
    family.emplace(std::move(config), context);
    family->start(system);
    settle();
  }

  void TearDown() override {
    now = {};
    if (family->root())
      tell(family->root(), stop_agent{0});
    settle();
    family->abandon();
    actor_fixture::TearDown();
  }

  void prompt(const std::string& uuid) {
    host_in.give(R"({"type":"user","message":{"role":"user","content":"hi"},)"
                 R"("uuid":")"
                 + uuid + "\"}\n");
  }

  /// Claude reads what it was sent, and does it. Prompts are kept for `answer`.
  void claude_reads() {
    if (!child.running())
      return;
    if (child.launches.size() != launches_seen_) {
      launches_seen_ = child.launches.size();
      open.clear();
    }
    std::istringstream text{child.received()};
    for (std::string line; std::getline(text, line);) {
      auto message = json::parse(line);
      if (message["type"] == "control_request")
        child.say(claude::initialized(message["request_id"]));
      else if (message["type"] == "user")
        open.push_back(message["uuid"]);
    }
  }

  /// Claude answers the oldest prompt it has, unless it has answered it in this
  /// session before: then it says so.
  void claude_answers() {
    if (open.empty())
      return;
    auto uuid = open.front();
    open.pop_front();
    if (!answered.insert(uuid).second)
      child.say(claude::replay(uuid, "hi")
                + claude::lifecycle(uuid, "completed"));
    else
      child.say(claude::turn(uuid, "hi", "yes, " + uuid));
  }

  /// Everything that happens until nothing happens any more.
  void run_on() {
    for (int i = 0; i < 50; ++i) {
      advance(20ms);
      claude_reads();
      claude_answers();
    }
  }

  /// How often the host has read this.
  std::size_t told(const std::string& text) const {
    std::size_t count = 0;
    const auto& all = host_out.written();
    for (auto at = all.find(text); at != std::string::npos;
         at = all.find(text, at + 1))
      ++count;
    return count;
  }

  std::size_t results(const std::string& uuid) const {
    return told(R"("result":"yes, )" + uuid + '"');
  }

  std::deque<std::string> open;
  std::set<std::string> answered;

private:
  std::size_t launches_seen_ = 0;
};

} // namespace

TEST_F(whole_agent, a_prompts_round_trip) {
  claude_reads();
  settle();
  EXPECT_EQ(told(R"("subtype":"ready")"), 1u);
  prompt("u1");
  settle();
  EXPECT_EQ(told(R"("subtype":"accepted")"), 1u);
  claude_reads();
  EXPECT_EQ(open, std::deque<std::string>{"u1"});
  claude_answers();
  settle();
  EXPECT_TRUE(host_out.written().ends_with(claude::turn("u1", "hi", "yes, u1")))
    << host_out.written();
}

TEST_F(whole_agent, a_prompts_trace_is_its_whole_life) {
  claude_reads();
  settle();
  prompt("u1");
  run_on();
  ASSERT_EQ(results("u1"), 1u);
  auto life = trace.said_of("u1");
  ASSERT_GE(life.size(), 7u);
  life.resize(7);
  EXPECT_THAT(life, testing::ElementsAre(
                      "pipe_input > conversation: input_grew",
                      "conversation > claude_process: child_input_grew",
                      "conversation > pipe_output: host_output_grew",
                      "claude_process > conversation: child_input_window",
                      "outside > claude_process: child_changed",
                      "claude_process > conversation: child_output_grew",
                      "conversation > pipe_output: host_output_grew"));
  EXPECT_THAT(
    trace.led_to("child_input_grew"),
    testing::ElementsAre("outside > pipe_input: input_arrived",
                         "pipe_input > conversation: input_grew",
                         "conversation > claude_process: child_input_grew"));
  EXPECT_THAT(
    trace.said("launch_child"),
    testing::ElementsAre("conversation > claude_process: launch_child"));
}

TEST_F(whole_agent, status_goes_round_by_the_health_monitor) {
  claude_reads();
  host_in.give("{\"type\":\"container_agent\",\"subtype\":\"status\"}\n");
  settle();
  EXPECT_EQ(told(R"("subtype":"status")"), 1u);
  EXPECT_EQ(told(R"("state":"ready")"), 1u);
}

TEST_F(whole_agent, a_signal_ends_an_idle_agent_in_order) {
  claude_reads();
  settle();
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  settle();
  EXPECT_TRUE(child.input_closed());
  EXPECT_FALSE(exit_code);
  child.exit(0);
  settle();
  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(told(R"("subtype":"stopping")"), 1u);
  EXPECT_EQ(told(R"("subtype":"claude_exited")"), 0u);
}

TEST_F(whole_agent, a_signal_lets_the_turn_finish) {
  claude_reads();
  prompt("u1");
  prompt("u2");
  settle();
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  advance(5000ms);
  EXPECT_FALSE(child.input_closed());
  claude_reads();
  claude_answers();
  settle();
  EXPECT_EQ(results("u1"), 1u);
  EXPECT_EQ(told(R"("reason":"shutting_down")"), 1u) << "u2";
  EXPECT_TRUE(child.input_closed());
  child.exit(0);
  settle();
  EXPECT_EQ(exit_code, 0);
}

TEST_F(whole_agent, a_child_that_ignores_all_is_killed_and_the_agent_ends) {
  claude_reads();
  prompt("u1");
  settle();
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  advance(10'000ms);
  EXPECT_EQ(exit_code, 0);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(told(R"("subtype":"failed")"), 1u);
}

TEST_F(whole_agent, a_signal_before_claude_is_ready_still_ends_it) {
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  settle();
  EXPECT_TRUE(child.input_closed());
  child.exit(0);
  settle();
  EXPECT_EQ(exit_code, 0);
}

TEST_F(whole_agent, a_crash_in_a_turn_is_resumed_and_answered_once) {
  claude_reads();
  prompt("u1");
  settle();
  claude_reads();
  child.say(claude::lifecycle("u1", "started") + claude::init());
  settle();
  child.die(9);
  open.clear();
  run_on();
  EXPECT_EQ(child.launches.size(), 2u);
  EXPECT_EQ(child.launches.back().arguments,
            (std::vector<std::string>{"-p", "--resume", claude::session}));
  EXPECT_EQ(results("u1"), 1u);
  EXPECT_EQ(told(R"("subtype":"claude_exited")"), 1u);
  EXPECT_EQ(told(R"("subtype":"restarting")"), 1u);
  EXPECT_EQ(told(R"("subtype":"resent")"), 1u);
}

// -- each actor's death in the middle of a turn -------------------------------

namespace {

class death_of : public whole_agent,
                 public testing::WithParamInterface<const char*> {
public:
  /// Kills the actor that the test is about.
  void kill_it() { kill_named(GetParam()); }

  void kill_named(const std::string& name) {
    if (name == "pipe_input")
      kill_now(&peers_changed::pipe_input);
    else if (name == "conversation")
      kill_now(&peers_changed::conversation);
    else if (name == "claude_process")
      kill_now(&peers_changed::claude_process);
    else if (name == "pipe_output")
      kill_now(&peers_changed::pipe_output);
    else if (name == "health_monitor")
      kill_now(&peers_changed::health_monitor);
    else if (name == "control")
      kill_now(&peers_changed::control);
    else
      kill_now(&peers_changed::shutdown_coordinator);
  }

private:
  template <class Handle>
  void kill_now(Handle peers_changed::*member) {
    if (auto& handle = now.*member; handle && lives(handle))
      caf::anon_send_exit(handle, caf::exit_reason::kill);
  }
};

constexpr const char* everybody[]
  = {"pipe_input",     "conversation",         "claude_process", "pipe_output",
     "health_monitor", "shutdown_coordinator", "control"};

} // namespace

TEST_P(death_of, loses_and_doubles_nothing_wherever_it_strikes) {
  claude_reads();
  settle();
  // Not settled: everything is on its way when the actor dies.
  prompt("u1");
  prompt("u2");
  kill_it();
  advance(1ms);
  prompt("u3");
  kill_it();
  run_on();
  for (auto uuid : {"u1", "u2", "u3"}) {
    EXPECT_EQ(results(uuid), 1u) << uuid;
    EXPECT_EQ(told(std::string{R"("uuid":")"} + uuid + R"(","position")"), 1u)
      << uuid;
  }
  EXPECT_EQ(child.launches.size(), 1u) << "the child was adopted";
  EXPECT_GE(log.count("restart_scheduled"), 1u);
}

TEST_P(death_of, leaves_no_client_without_an_answer) {
  claude_reads();
  settle();
  auto first = clients.give(R"({"command":"status"})");
  kill_it();
  advance(1ms);
  auto second = clients.give(R"({"command":"status"})");
  kill_it();
  run_on();
  EXPECT_TRUE(clients.answers.contains(first));
  EXPECT_TRUE(clients.answers.contains(second));
}

TEST_P(death_of, does_not_stop_the_shutdown) {
  claude_reads();
  settle();
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  kill_it();
  advance(1ms);
  kill_it();
  for (int i = 0; i < 20 && !exit_code; ++i) {
    advance(500ms);
    if (child.running() && child.input_closed())
      child.exit(0);
  }
  EXPECT_EQ(exit_code, 0);
  EXPECT_FALSE(child.running());
}

// Any actor, at any step, again and again; the same seed gives the same run.
TEST_P(death_of, at_random_moments_loses_and_doubles_nothing) {
  std::mt19937 chance{7};
  const int prompts = 20;
  int given = 0;
  for (int step = 0; step < 400; ++step) {
    if (given < prompts && chance() % 4 == 0)
      prompt("u" + std::to_string(++given));
    if (chance() % 8 == 0)
      kill_it();
    advance(std::chrono::milliseconds{chance() % 40});
    claude_reads();
    if (chance() % 3 == 0)
      claude_answers();
  }
  advance(60'000ms); // beyond the longest backoff
  run_on();
  for (int i = 1; i <= prompts; ++i)
    EXPECT_EQ(results("u" + std::to_string(i)), 1u) << i;
  EXPECT_EQ(protocol.status().accepted, static_cast<std::uint64_t>(prompts));
  EXPECT_EQ(protocol.status().answered, static_cast<std::uint64_t>(prompts));
  EXPECT_EQ(protocol.status().rejected, 0u);
}

INSTANTIATE_TEST_SUITE_P(, death_of, testing::ValuesIn(everybody),
                         [](const auto& it) { return std::string{it.param}; });

TEST_F(whole_agent, refuses_to_restart_claude_once_it_stops) {
  claude_reads();
  tell(family->root(), begin_shutdown{"SIGTERM", 0, true});
  settle();
  auto id = clients.give(R"({"command":"restart_claude"})");
  settle();
  EXPECT_EQ(clients.answers[id],
            R"({"ok":false,"error":"the agent is stopping"})");
}

TEST_F(whole_agent, refuses_to_restart_a_claude_that_is_not_its_own) {
  child.guest = true;
  auto id = clients.give(R"({"command":"restart_claude"})");
  settle();
  EXPECT_THAT(clients.answers[id],
              testing::HasSubstr("Claude is not the agent's"));
  EXPECT_TRUE(child.running());
}

} // namespace container_agent::test
