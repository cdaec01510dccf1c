#include "actors/health_monitor.hpp"

#include "test/support/actor_fixture.hpp"

#include <nlohmann/json.hpp>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

codec::status_facts facts(bool ready, std::uint64_t in_flight = 0,
                          std::uint64_t restarts = 0) {
  codec::status_facts f;
  f.conversation.ready = ready;
  f.conversation.in_flight = in_flight;
  f.supervisor.restarts_in_window = restarts;
  return f;
}

class health_monitors : public actor_fixture {
public:
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  probe<claude_process_actor> claude
    = make_probe(&peers_changed::claude_process);
  probe<pipe_output_actor> output = make_probe(&peers_changed::pipe_output);
  probe<supervisor_actor> supervisor = make_probe(&peers_changed::supervisor);
  health_monitor_actor monitor;

  void start(std::chrono::milliseconds interval = 0ms) {
    monitor = spawn<health_monitor>(health_monitor_config{interval}, context);
    introduce(monitor);
  }

  void be_ready() {
    conversation_status status;
    status.ready = true;
    status.session_id = "s1";
    conversation.answer(status);
    claude.answer(child_status{true, 77, 1});
  }

  std::optional<health_report> report() {
    return ask<health_report>(monitor, get_health{});
  }
};

} // namespace

TEST(judge, starting_until_claude_was_ready) {
  EXPECT_EQ(judge(facts(false), false, 0), "starting");
  EXPECT_EQ(judge(facts(true), false, 0), "ready");
}

TEST(judge, busy_while_a_turn_runs) {
  EXPECT_EQ(judge(facts(true, 1), true, 0), "busy");
}

TEST(judge, degraded_when_claude_is_away_or_was_restarted) {
  EXPECT_EQ(judge(facts(false), true, 0), "degraded");
  EXPECT_EQ(judge(facts(false, 0, 1), false, 0), "degraded");
  EXPECT_EQ(judge(facts(true, 1, 1), true, 0), "degraded");
}

TEST(judge, degraded_when_somebody_is_silent_failed_when_the_core_is) {
  auto f = facts(true);
  f.silent = "pipe_output";
  EXPECT_EQ(judge(f, true, 0), "degraded");
  EXPECT_EQ(judge(f, true, 1), "degraded");
  EXPECT_EQ(judge(f, true, 2), "failed");
}

TEST_F(health_monitors, a_question_is_answered_with_everybodys_facts) {
  be_ready();
  output.answer(output_status{11, 12});
  supervisor.answer(supervisor_status{3, 0});
  start();
  auto answer = report();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->state, "ready");
  auto document = json::parse(answer->document);
  EXPECT_EQ(document["state"], "ready");
  EXPECT_EQ(document["claude"]["pid"], 77);
  EXPECT_EQ(document["claude"]["session_id"], "s1");
  EXPECT_EQ(document["output"]["pending_bytes"], 11);
  EXPECT_EQ(document["restarts"]["total"], 3);
}

TEST_F(health_monitors, uptime_is_counted_from_the_start) {
  be_ready();
  start();
  advance(61'500ms);
  EXPECT_EQ(json::parse(report()->document)["uptime_s"], 61);
}

TEST_F(health_monitors, several_questions_share_one_round) {
  start();
  conversation.fall_silent();
  report();
  report();
  EXPECT_EQ(conversation.count<get_conversation_status>(), 1u);
}

TEST_F(health_monitors, somebody_silent_is_named_after_a_second) {
  be_ready();
  start();
  output.fall_silent();
  EXPECT_FALSE(report());
  advance(health_monitor::answer_timeout);
  EXPECT_EQ(log.field("state_changed", "to"), "degraded");
  EXPECT_EQ(log.field("state_changed", "silent"), "pipe_output");
}

TEST_F(health_monitors, a_silent_core_is_a_failure) {
  start();
  conversation.fall_silent();
  claude.fall_silent();
  report();
  advance(health_monitor::answer_timeout);
  EXPECT_EQ(log.field("state_changed", "to"), "failed");
  EXPECT_EQ(log.field("state_changed", "silent"),
            "conversation,claude_process");
}

TEST_F(health_monitors, an_actor_between_two_lives_is_not_waited_for) {
  peers.claude_process = nullptr;
  be_ready();
  start();
  auto answer = report();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(json::parse(answer->document).contains("silent"));
}

TEST_F(health_monitors, without_any_peers_it_still_answers) {
  monitor = spawn<health_monitor>(health_monitor_config{0ms}, context);
  auto answer = report();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->state, "starting");
}

TEST_F(health_monitors, looks_round_at_its_interval) {
  start(10'000ms);
  advance(9'999ms);
  EXPECT_EQ(conversation.count<get_conversation_status>(), 0u);
  advance(1ms);
  EXPECT_EQ(conversation.count<get_conversation_status>(), 1u);
  advance(20'000ms);
  EXPECT_EQ(conversation.count<get_conversation_status>(), 3u);
}

TEST_F(health_monitors, with_interval_0_it_looks_only_when_asked) {
  start(0ms);
  advance(60'000ms);
  EXPECT_EQ(conversation.names(), "");
}

TEST_F(health_monitors, logs_a_change_of_state_once) {
  be_ready();
  start(1000ms);
  advance(5000ms);
  EXPECT_EQ(log.count("state_changed"), 1u);
  EXPECT_EQ(log.field("state_changed", "from"), "starting");
  EXPECT_EQ(log.field("state_changed", "to"), "ready");
  conversation.answer(conversation_status{});
  advance(1000ms);
  EXPECT_EQ(log.field("state_changed", "to"), "degraded");
}

TEST(health_monitor_config, is_checked) {
  EXPECT_EQ(health_monitor_config{}.validate(), "");
  EXPECT_EQ((health_monitor_config{0ms}.validate()), "");
  EXPECT_NE((health_monitor_config{-1ms}.validate()), "");
}

} // namespace container_agent::test
