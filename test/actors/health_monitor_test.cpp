#include "actors/health/health_monitor.hpp"

#include "test/support/actor_fixture.hpp"
#include "test/support/control_ports.hpp"

#include <nlohmann/json.hpp>

#include <memory>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class health_monitors : public actor_fixture {
public:
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  probe<claude_process_actor> claude
    = make_probe(&peers_changed::claude_process);
  probe<pipe_output_actor> output = make_probe(&peers_changed::pipe_output);
  probe<pipe_input_actor> input = make_probe(&peers_changed::pipe_input);
  probe<shutdown_coordinator_actor> coordinator
    = make_probe(&peers_changed::shutdown_coordinator);
  probe<control_actor> control = make_probe(&peers_changed::control);
  probe<supervisor_actor> supervisor = make_probe(&peers_changed::supervisor);
  fake_probe processes;
  std::shared_ptr<health_history> history = std::make_shared<health_history>();
  health_monitor_actor monitor;

  void start(std::chrono::milliseconds interval = 0ms,
             std::uint64_t max_claude_rss = 0) {
    monitor = spawn<health_monitor>(
      history, &processes, health_monitor_config{interval, max_claude_rss},
      context);
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

TEST_F(health_monitors, the_document_tells_what_the_kernel_knows) {
  be_ready();
  processes.others[77] = {77, 300'000'000, 12'000ms};
  start();
  auto document = json::parse(report()->document);
  EXPECT_EQ(document["claude"]["rss_bytes"], 300'000'000);
  EXPECT_EQ(document["claude"]["cpu_ms"], 12'000);
  EXPECT_EQ(document["agent"]["rss_bytes"], 8'000'000);
}

TEST_F(health_monitors, a_process_that_has_just_gone_has_no_figures) {
  be_ready();
  start();
  auto document = json::parse(report()->document);
  EXPECT_EQ(document["claude"]["pid"], 77);
  EXPECT_TRUE(document["claude"]["rss_bytes"].is_null());
}

TEST_F(health_monitors, without_a_probe_there_are_no_figures) {
  be_ready();
  monitor = spawn<health_monitor>(history, nullptr, health_monitor_config{0ms},
                                  context);
  introduce(monitor);
  EXPECT_TRUE(json::parse(report()->document)["agent"]["pid"].is_null());
}

TEST_F(health_monitors, live_and_ready_are_told_apart) {
  start();
  auto document = json::parse(report()->document);
  EXPECT_EQ(document["live"], true);
  EXPECT_EQ(document["ready"], false);
  EXPECT_EQ(document["why"], "Claude is starting");
}

TEST_F(health_monitors, every_actor_is_asked) {
  start();
  ASSERT_TRUE(report());
  EXPECT_EQ(conversation.names(), " get_conversation_status");
  EXPECT_EQ(claude.names(), " get_child_status");
  EXPECT_EQ(input.names(), " get_input_status");
  EXPECT_EQ(output.names(), " get_output_status");
  EXPECT_EQ(supervisor.names(), " get_supervisor_status");
  EXPECT_EQ(coordinator.names(), " get_shutdown_status");
  EXPECT_EQ(control.names(), " get_control_status");
}

TEST_F(health_monitors, the_next_one_knows_what_was) {
  be_ready();
  start();
  report();
  kill(monitor);
  advance(5'000ms);
  conversation.answer(conversation_status{});
  start();
  auto document = json::parse(report()->document);
  EXPECT_EQ(document["state"], "degraded");
  EXPECT_EQ(document["uptime_s"], 5);
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
  EXPECT_EQ(log.field("state_changed", "why"), "pipe_output does not answer");
}

TEST_F(health_monitors, a_silent_core_is_a_failure) {
  start();
  conversation.fall_silent();
  claude.fall_silent();
  report();
  advance(health_monitor::answer_timeout);
  EXPECT_EQ(log.field("state_changed", "to"), "failed");
  EXPECT_EQ(log.field("state_changed", "why"),
            "neither conversation nor claude_process answers");
}

TEST_F(health_monitors, whoever_is_silent_at_a_tick_is_named_at_the_next) {
  be_ready();
  start(2'000ms);
  output.fall_silent();
  advance(2'000ms);
  EXPECT_EQ(log.count("state_changed"), 0u);
  advance(2'000ms);
  EXPECT_EQ(log.field("state_changed", "why"), "pipe_output does not answer");
}

TEST_F(health_monitors, a_tick_within_the_time_to_answer_waits_for_the_next) {
  be_ready();
  start(400ms);
  output.fall_silent();
  advance(1'200ms);
  EXPECT_EQ(output.count<get_output_status>(), 1u);
  EXPECT_EQ(log.count("state_changed"), 0u);
  advance(400ms); // begun at 400, so 1.2 s ago
  EXPECT_EQ(output.count<get_output_status>(), 2u);
  EXPECT_EQ(log.field("state_changed", "to"), "degraded");
}

TEST_F(health_monitors, an_idle_tick_sets_no_other_timer) {
  be_ready();
  start(10'000ms);
  advance(10'000ms);
  // Nothing but the next tick is due.
  EXPECT_EQ(pending_timers(), 1u);
}

TEST_F(health_monitors, a_late_answer_does_not_count_for_the_next_round) {
  be_ready();
  start();
  conversation.fall_silent();
  EXPECT_FALSE(report());
  advance(health_monitor::answer_timeout);
  auto again = report();
  EXPECT_FALSE(again);
  EXPECT_EQ(conversation.count<get_conversation_status>(), 2u);
}

TEST_F(health_monitors, a_late_tick_is_the_loops_lag) {
  be_ready();
  start(1'000ms);
  EXPECT_TRUE(
    json::parse(report()->document)["agent"]["loop_lag_ms"].is_null());
  advance(1'000ms);
  EXPECT_EQ(json::parse(report()->document)["agent"]["loop_lag_ms"], 0);
}

TEST_F(health_monitors, too_large_a_claude_is_restarted_once_a_generation) {
  be_ready();
  processes.others[77] = {77, 300ull << 20, 0ms};
  start(1'000ms, 200ull << 20);
  advance(3'000ms);
  ASSERT_EQ(supervisor.count<restart_claude>(), 1u);
  auto wish = supervisor.take<restart_claude>();
  EXPECT_EQ(wish.reason, "memory: 300 MiB over --max-claude-rss 200 MiB");
  EXPECT_FALSE(wish.at_once);
  EXPECT_EQ(log.field("claude_too_large", "pid"), "77");
  claude.answer(child_status{true, 77, 2});
  advance(1'000ms);
  EXPECT_EQ(supervisor.count<restart_claude>(), 1u);
}

TEST_F(health_monitors, a_supervisor_that_died_with_the_wish_is_followed) {
  be_ready();
  processes.others[77] = {77, 300ull << 20, 0ms};
  supervisor.fall_silent();
  start(1'000ms, 200ull << 20);
  advance(1'000ms);
  kill(supervisor.handle());
  advance(1'000ms);
  supervisor = make_probe(&peers_changed::supervisor);
  introduce(monitor);
  advance(1'000ms);
  EXPECT_EQ(supervisor.count<restart_claude>(), 1u);
}

TEST_F(health_monitors, a_claude_at_its_limit_is_left_alone) {
  be_ready();
  processes.others[77] = {77, 200ull << 20, 0ms};
  start(1'000ms, 200ull << 20);
  advance(3'000ms);
  EXPECT_EQ(supervisor.count<restart_claude>(), 0u);
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
  monitor = spawn<health_monitor>(history, &processes,
                                  health_monitor_config{0ms}, context);
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
  EXPECT_NE((health_monitor_config{0ms, 1}.validate()), "");
  EXPECT_EQ((health_monitor_config{1ms, 1}.validate()), "");
}

} // namespace container_agent::test
