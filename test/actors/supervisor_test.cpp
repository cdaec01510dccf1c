#include "test/actors/supervisor_fixture.hpp"

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

using events = supervisors::events;

} // namespace

TEST_F(supervisors, starts_its_children_in_order_and_introduces_them) {
  add_four();
  start();
  EXPECT_EQ(take_events(),
            (events{"pipe_output started", "shutdown_coordinator started",
                    "conversation started", "claude_process started"}));
  auto all
    = ears_of<pipe_output_actor>("pipe_output").take_all<peers_changed>();
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(all.back().conversation);
  EXPECT_TRUE(all.back().claude_process);
  EXPECT_EQ(all.back().supervisor, root);
  EXPECT_FALSE(all.back().pipe_input) << "nobody of that name";
}

TEST_F(supervisors, restarts_the_one_that_failed_and_no_other) {
  add_four();
  start();
  take_events();
  fail(&peers_changed::conversation);
  advance(199ms);
  EXPECT_EQ(take_events(), events{"conversation stopped"});
  advance(1ms);
  EXPECT_EQ(take_events(), events{"conversation started"});
}

TEST_F(supervisors, a_peer_is_missing_until_it_is_back) {
  add_four();
  start();
  auto ears = ears_of<pipe_output_actor>("pipe_output");
  auto before = ears.take_all<peers_changed>().back().conversation;
  fail(&peers_changed::conversation);
  EXPECT_FALSE(ears.take_all<peers_changed>().back().conversation);
  advance(200ms);
  auto after = ears.take_all<peers_changed>().back().conversation;
  EXPECT_TRUE(after);
  EXPECT_NE(after, before);
}

TEST_F(supervisors, the_delay_doubles_with_each_failure) {
  add_four();
  start();
  for (auto delay : {200ms, 400ms, 800ms}) {
    fail(&peers_changed::pipe_output);
    take_events();
    advance(delay - 1ms);
    EXPECT_EQ(take_events(), events{}) << delay.count();
    advance(1ms);
    EXPECT_EQ(take_events(), events{"pipe_output started"}) << delay.count();
  }
}

TEST_F(supervisors, a_restart_of_claude_is_told_to_the_conversation) {
  add_four();
  start();
  fail(&peers_changed::claude_process);
  auto ears = ears_of<conversation_actor>("conversation");
  auto told = ears.take<restart_scheduled>();
  EXPECT_EQ(told.name, "claude_process");
  EXPECT_EQ(told.attempt, 1u);
  EXPECT_EQ(told.delay, 200ms);
  EXPECT_EQ(told.reason, "kill");
  fail(&peers_changed::pipe_output);
  EXPECT_EQ(ears.count<restart_scheduled>(), 0u) << "the host's own business";
}

TEST_F(supervisors, a_constructor_that_throws_is_a_failure_of_the_child) {
  add_four();
  diary.throws_in_constructor["conversation"] = 2;
  start();
  EXPECT_EQ(take_events(),
            (events{"pipe_output started", "shutdown_coordinator started",
                    "claude_process started"}));
  EXPECT_EQ(log.field("restart_scheduled", "reason"),
            "runtime_error: no conversation");
  advance(200ms);
  EXPECT_EQ(take_events(), events{});
  advance(400ms);
  EXPECT_EQ(take_events(), events{"conversation started"});
}

TEST_F(supervisors, one_that_fails_too_often_is_given_up) {
  add_four();
  settings.children[3].policy.max_restarts = 2;
  settings.children[3].gave_up = exit_code::gave_up_on_claude;
  start();
  for (int i = 0; i < 2; ++i) {
    fail(&peers_changed::claude_process);
    advance(1000ms);
  }
  take_events();
  fail(&peers_changed::claude_process);
  advance(60'000ms);
  EXPECT_EQ(take_events(), events{"claude_process stopped"});
  auto exhausted
    = ears_of<conversation_actor>("conversation").take<restarts_exhausted>();
  EXPECT_EQ(exhausted.name, "claude_process");
  auto begun = ears_of<shutdown_coordinator_actor>("shutdown_coordinator")
                 .take<begin_shutdown>();
  EXPECT_EQ(begun.exit_code, 5);
  EXPECT_FALSE(begun.urgent);
  EXPECT_NE(begun.reason.find("claude_process"), std::string::npos);
  EXPECT_FALSE(stopped) << "the shutdown is the coordinator's";
}

TEST_F(supervisors, without_a_coordinator_giving_up_is_the_end) {
  add_four();
  for (auto& spec : settings.children)
    spec.policy.max_restarts = 0;
  start();
  fail(&peers_changed::shutdown_coordinator);
  EXPECT_EQ(
    ears_of<conversation_actor>("conversation").take<restarts_exhausted>().name,
    "shutdown_coordinator");
  advance(supervisor::last_words_timeout - 1ms);
  EXPECT_FALSE(stopped) << "the conversation has something to say";
  advance(1ms);
  EXPECT_EQ(stopped, 6);
  EXPECT_FALSE(lives(root));
}

TEST_F(supervisors,
       without_a_coordinator_whoever_waits_is_started_for_the_end) {
  add_four();
  settings.children[1].policy.max_restarts = 0;
  start();
  fail(&peers_changed::conversation);
  take_events();
  fail(&peers_changed::shutdown_coordinator);
  EXPECT_EQ(take_events(),
            (events{"shutdown_coordinator stopped", "conversation started"}));
  EXPECT_EQ(ears_of<conversation_actor>("conversation")
              .take_all<restarts_exhausted>()
              .back()
              .name,
            "shutdown_coordinator");
}

TEST_F(supervisors, failures_outside_the_window_are_forgiven) {
  add_four();
  settings.children[0].policy.max_restarts = 1;
  start();
  for (int i = 0; i < 5; ++i) {
    fail(&peers_changed::pipe_output);
    advance(60'000ms);
    EXPECT_EQ(take_events().back(), "pipe_output started");
  }
}

TEST_F(supervisors, a_transient_child_that_ends_in_peace_stays_away) {
  add_four();
  settings.children[3].type = restart_type::transient;
  start();
  take_events();
  caf::anon_send_exit(seen.claude_process, caf::exit_reason::normal);
  advance(60'000ms);
  EXPECT_EQ(take_events(), events{"claude_process stopped"});
  EXPECT_FALSE(ears_of<conversation_actor>("conversation")
                 .take_all<peers_changed>()
                 .back()
                 .claude_process);
  EXPECT_EQ(log.count("restart_scheduled"), 0u);
}

TEST_F(supervisors, a_permanent_child_that_ends_in_peace_comes_back) {
  add_four();
  start();
  take_events();
  caf::anon_send_exit(seen.pipe_output, caf::exit_reason::normal);
  advance(200ms);
  EXPECT_EQ(take_events(),
            (events{"pipe_output stopped", "pipe_output started"}));
}

TEST_F(supervisors, stops_its_children_in_reverse_order) {
  add_four();
  start();
  take_events();
  tell(root, stop_agent{3});
  settle();
  EXPECT_EQ(take_events(),
            (events{"claude_process stopped", "conversation stopped",
                    "shutdown_coordinator stopped", "pipe_output stopped"}));
  EXPECT_EQ(stopped, 3);
  EXPECT_EQ(end_of(root), caf::error{});
}

TEST_F(supervisors, stops_while_a_child_waits_for_its_restart) {
  add_four();
  start();
  fail(&peers_changed::conversation);
  take_events();
  tell(root, stop_agent{0});
  settle();
  advance(1000ms);
  EXPECT_EQ(take_events(),
            (events{"claude_process stopped", "shutdown_coordinator stopped",
                    "pipe_output stopped"}));
  EXPECT_EQ(stopped, 0);
}

TEST_F(supervisors, the_first_order_to_stop_counts) {
  add_four();
  start();
  tell(root, stop_agent{5});
  tell(root, stop_agent{0});
  settle();
  EXPECT_EQ(stopped, 5);
}

TEST_F(supervisors, a_signal_goes_to_the_coordinator) {
  add_four();
  start();
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  settle();
  auto begun = ears_of<shutdown_coordinator_actor>("shutdown_coordinator")
                 .take<begin_shutdown>();
  EXPECT_EQ(begun.reason, "SIGTERM");
  EXPECT_TRUE(begun.urgent);
}

TEST_F(supervisors, a_signal_brings_a_coordinator_back_that_is_away) {
  add_four();
  start();
  fail(&peers_changed::shutdown_coordinator);
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  settle();
  auto ears = ears_of<shutdown_coordinator_actor>("shutdown_coordinator");
  EXPECT_EQ(ears.count<begin_shutdown>(), 1u);
}

TEST_F(supervisors, a_signal_that_died_with_its_coordinator_comes_again) {
  add_four();
  start();
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  settle();
  fail(&peers_changed::shutdown_coordinator);
  advance(200ms);
  auto again = ears_of<shutdown_coordinator_actor>("shutdown_coordinator")
                 .take<begin_shutdown>();
  EXPECT_EQ(again.reason, "SIGTERM");
  EXPECT_FALSE(again.urgent) << "if it was read before, it must not hurry";
}

TEST_F(supervisors, status_counts_restarts_and_those_of_the_window) {
  add_four();
  start();
  fail(&peers_changed::pipe_output);
  advance(1000ms);
  fail(&peers_changed::pipe_output);
  advance(1000ms);
  fail(&peers_changed::conversation);
  advance(1000ms);
  auto status = ask<supervisor_status>(root, get_supervisor_status{});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->restarts, 3u);
  EXPECT_EQ(status->restarts_in_window, 2u);
  advance(60'000ms);
  status = ask<supervisor_status>(root, get_supervisor_status{});
  EXPECT_EQ(status->restarts, 3u);
  EXPECT_EQ(status->restarts_in_window, 0u);
}

TEST_F(supervisors, a_temporary_child_that_never_ran_has_no_exit_code_to_pass) {
  add("shutdown_coordinator", &peers_changed::shutdown_coordinator);
  auto& spec = add("claude_process", &peers_changed::claude_process);
  spec.type = restart_type::temporary;
  spec.gave_up = exit_code::gave_up_on_claude;
  spec.ended_code = [] { return 0; };
  start();
  auto child = caf::actor_cast<caf::actor>(seen.claude_process);
  caf::anon_send(
    child, caf::exit_msg{child.address(), make_error(agent_error::launch_failed,
                                                     "no such thing")});
  settle();
  auto order = ears_of<shutdown_coordinator_actor>("shutdown_coordinator")
                 .take<begin_shutdown>();
  EXPECT_EQ(order.exit_code,
            static_cast<std::int32_t>(exit_code::gave_up_on_claude));
}

} // namespace container_agent::test
