#include "actors/shutdown/shutdown_coordinator.hpp"

#include "test/support/actor_fixture.hpp"

#include <csignal>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

class shutdown_coordinators : public actor_fixture {
public:
  shutdown_progress progress{{7000ms, 1000ms, 900ms, 800ms, 700ms, 600ms}};
  probe<pipe_input_actor> input = make_probe(&peers_changed::pipe_input);
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  probe<claude_process_actor> claude
    = make_probe(&peers_changed::claude_process);
  probe<pipe_output_actor> output = make_probe(&peers_changed::pipe_output);
  probe<supervisor_actor> supervisor = make_probe(&peers_changed::supervisor);
  shutdown_coordinator_actor coordinator;

  void start() {
    coordinator = spawn<shutdown_coordinator>(progress, context);
    introduce(coordinator);
  }

  void begin(std::string reason = "SIGTERM", bool urgent = true,
             std::int32_t code = 0) {
    tell(coordinator, begin_shutdown{std::move(reason), code, urgent});
    settle();
  }

  template <class Event>
  void happen(Event event) {
    tell(coordinator, event);
    settle();
  }

  std::string phase() const { return to_string(progress.plan.now()); }

  void forget_all() {
    input.forget();
    conversation.forget();
    claude.forget();
    output.forget();
    supervisor.forget();
  }
};

} // namespace

TEST_F(shutdown_coordinators, does_nothing_before_it_is_told_to) {
  start();
  advance(60'000ms);
  for (const auto& names : {input.names(), conversation.names(), claude.names(),
                            output.names(), supervisor.names()})
    EXPECT_EQ(names, "");
}

TEST_F(shutdown_coordinators, an_idle_agent_ends_step_by_step) {
  start();
  begin();
  EXPECT_EQ(conversation.take<begin_drain>().reason, "SIGTERM");
  EXPECT_EQ(input.names(), "") << "prompts are refused, not left unread";
  happen(turn_drained{});
  EXPECT_EQ(input.count<stop_input>(), 1u);
  EXPECT_EQ(claude.count<close_child_input>(), 1u);
  happen(child_gone{});
  EXPECT_EQ(conversation.count<flush_output>(), 1u);
  EXPECT_EQ(supervisor.names(), "");
  happen(output_flushed{});
  EXPECT_EQ(supervisor.take<stop_agent>().exit_code, 0);
  EXPECT_EQ(claude.count<signal_child>(), 0u);
  EXPECT_EQ(conversation.count<interrupt_turn>(), 0u);
}

// Each step in its time: 7 s for the turn, then 1 s, 0.9 s, …
TEST_F(shutdown_coordinators,
       a_child_that_ignores_everything_is_killed_in_time) {
  start();
  begin();
  advance(6'999ms);
  EXPECT_EQ(conversation.count<interrupt_turn>(), 0u);
  advance(1ms);
  EXPECT_EQ(conversation.count<interrupt_turn>(), 1u);
  advance(999ms);
  EXPECT_EQ(claude.count<close_child_input>(), 0u);
  advance(1ms);
  EXPECT_EQ(claude.count<close_child_input>(), 1u);
  advance(899ms);
  EXPECT_EQ(claude.count<signal_child>(), 0u);
  advance(1ms);
  EXPECT_EQ(claude.take<signal_child>().signal, SIGTERM);
  advance(799ms);
  EXPECT_EQ(claude.count<signal_child>(), 0u);
  advance(1ms);
  EXPECT_EQ(claude.take<signal_child>().signal, SIGKILL);
  advance(699ms);
  EXPECT_EQ(conversation.count<flush_output>(), 0u);
  advance(1ms);
  EXPECT_EQ(conversation.count<flush_output>(), 1u);
  advance(599ms);
  EXPECT_EQ(supervisor.count<stop_agent>(), 0u);
  advance(1ms);
  EXPECT_EQ(supervisor.count<stop_agent>(), 1u);
}

TEST_F(shutdown_coordinators, a_deadline_of_an_earlier_phase_is_stale) {
  start();
  begin();
  advance(6'900ms);
  happen(turn_drained{}); // 100 ms before the turn's deadline
  advance(200ms);
  EXPECT_EQ(phase(), "closing");
}

TEST_F(shutdown_coordinators, a_second_signal_hurries) {
  start();
  begin();
  begin("SIGINT");
  EXPECT_EQ(conversation.count<interrupt_turn>(), 1u);
  begin("SIGINT");
  EXPECT_EQ(claude.count<close_child_input>(), 1u);
}

TEST_F(shutdown_coordinators, other_reasons_do_not_hurry) {
  start();
  begin();
  begin("input ended", false);
  begin("gave up", false, 5);
  EXPECT_EQ(phase(), "draining");
}

TEST_F(shutdown_coordinators, the_first_reason_and_its_exit_code_count) {
  start();
  begin("gave up restarting claude_process", false, 5);
  begin("SIGTERM", true, 0);
  EXPECT_EQ(conversation.take<begin_drain>().reason,
            "gave up restarting claude_process");
  happen(child_gone{});
  happen(output_flushed{});
  EXPECT_EQ(supervisor.take<stop_agent>().exit_code, 5);
}

TEST_F(shutdown_coordinators, raw_mode_stops_the_input_at_once) {
  progress.stop_input_first = true;
  start();
  begin();
  EXPECT_EQ(input.count<stop_input>(), 1u);
}

TEST_F(shutdown_coordinators, an_agent_that_leaves_claude_only_flushes) {
  start();
  happen(begin_shutdown{"SIGTERM", 0, true, true});
  EXPECT_EQ(phase(), "flushing");
  EXPECT_TRUE(progress.keep_claude);
  EXPECT_EQ(input.count<stop_input>(), 1U);
  EXPECT_EQ(conversation.names(), " flush_output");
  EXPECT_TRUE(conversation.take<flush_output>().goes_on);
  EXPECT_EQ(claude.names(), "");
  happen(output_flushed{});
  EXPECT_EQ(supervisor.take<stop_agent>().exit_code, 0);
}

TEST_F(shutdown_coordinators, one_that_gives_up_leaves_a_claude_that_is_kept) {
  progress.leaves_claude = true;
  start();
  begin("gave up restarting control: x", false, 6);
  EXPECT_EQ(phase(), "flushing");
  EXPECT_TRUE(progress.keep_claude);
  EXPECT_TRUE(input.take<stop_input>().goes_on);
  EXPECT_EQ(claude.names(), "");
  happen(output_flushed{});
  EXPECT_EQ(supervisor.take<stop_agent>().exit_code, 6);
}

TEST_F(shutdown_coordinators, one_that_is_stopped_ends_it) {
  progress.leaves_claude = true;
  start();
  begin("stop requested");
  EXPECT_EQ(phase(), "draining");
  EXPECT_FALSE(progress.keep_claude);
}

TEST_F(shutdown_coordinators, leaving_comes_too_late_for_an_end_in_order) {
  start();
  begin("stop requested");
  happen(begin_shutdown{"SIGTERM", 0, true, true});
  EXPECT_EQ(phase(), "interrupting");
  EXPECT_FALSE(progress.keep_claude);
}

TEST_F(shutdown_coordinators, events_out_of_season_change_nothing) {
  start();
  happen(turn_drained{});
  happen(output_flushed{});
  happen(deadline_passed{0});
  happen(deadline_passed{1});
  EXPECT_EQ(phase(), "running");
  begin();
  happen(output_flushed{});
  happen(deadline_passed{99});
  EXPECT_EQ(phase(), "draining");
}

TEST_F(shutdown_coordinators, a_signal_before_the_others_are_known_is_kept) {
  coordinator = spawn<shutdown_coordinator>(progress, context);
  begin();
  introduce(coordinator);
  EXPECT_EQ(conversation.count<begin_drain>(), 1u);
}

TEST_F(shutdown_coordinators, a_new_incarnation_goes_on_in_the_same_phase) {
  start();
  begin();
  happen(turn_drained{});
  kill(coordinator);
  forget_all();
  start();
  EXPECT_EQ(claude.count<close_child_input>(), 1u);
  EXPECT_EQ(conversation.names(), "");
  advance(900ms);
  EXPECT_EQ(claude.take<signal_child>().signal, SIGTERM)
    << "and has a deadline of its own";
}

TEST_F(shutdown_coordinators, a_replaced_peer_gets_the_orders_again) {
  start();
  begin();
  kill(conversation.handle());
  conversation = make_probe(&peers_changed::conversation);
  introduce(coordinator);
  EXPECT_EQ(conversation.count<begin_drain>(), 1u);
}

TEST_F(shutdown_coordinators, being_introduced_again_gives_no_more_time) {
  start();
  begin();
  advance(6'900ms);
  introduce(coordinator);
  advance(100ms);
  EXPECT_EQ(phase(), "interrupting");
}

TEST_F(shutdown_coordinators, every_step_is_logged) {
  start();
  begin();
  EXPECT_EQ(log.field("shutdown_requested", "reason"), "SIGTERM");
  happen(child_gone{});
  EXPECT_EQ(log.field("phase_changed", "from"), "draining");
  EXPECT_EQ(log.field("phase_changed", "to"), "flushing");
}

// -- a host that reads slowly -------------------------------------------------

TEST_F(shutdown_coordinators, a_host_that_reads_has_what_the_steps_have_left) {
  start();
  begin();
  happen(turn_drained{});
  output.answer(output_status{100, 0, 50, 1000});
  happen(child_gone{});
  EXPECT_EQ(phase(), "flushing");
  for (std::uint64_t read = 1001; read <= 1010; ++read) {
    output.answer(output_status{100, 0, 50, read});
    advance(600ms);
    EXPECT_EQ(phase(), "flushing");
  }
  advance(599ms);
  EXPECT_EQ(phase(), "flushing");
  advance(1ms);
  EXPECT_EQ(phase(), "stopped") << "it has stopped reading";
}

TEST_F(shutdown_coordinators, however_it_reads_the_time_of_all_steps_is_all) {
  start();
  begin();
  happen(turn_drained{});
  happen(child_gone{});
  std::uint64_t read = 0;
  for (auto passed = 0ms; passed < 11'000ms; passed += 600ms) {
    EXPECT_EQ(phase(), "flushing") << passed.count() << " ms";
    output.answer(output_status{100, 0, 50, ++read});
    advance(600ms);
  }
  EXPECT_EQ(phase(), "stopped");
}

} // namespace container_agent::test
