#include "messages/errors.hpp"
#include "test/actors/supervisor_fixture.hpp"
#include "test/support/throwing_hook.hpp"

/// The supervisor's own end, and the next one; types of restart; giving up.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

using moment = throwing_hook::moment;
using events = supervisors::events;

class supervisions : public supervisors {
public:
  throwing_hook hook;

  void SetUp() override {
    trace.events.follow_with(hook);
    add_four();
    settings.children[3].type = restart_type::transient;
    settings.children[3].ended_code = [] { return 130; };
  }

  /// The supervisor fails at the next message of this type.
  template <class Message>
  void fails_at(moment when) {
    hook.arm<Message>("supervisor", when);
  }

  /// A child ends with an error of its own.
  template <class Handle>
  void end_with(Handle peers_changed::*member, caf::error why) {
    auto child = caf::actor_cast<caf::actor>(seen.*member);
    caf::anon_send(child, caf::exit_msg{child.address(), std::move(why)});
    settle();
  }

  probe<conversation_actor> conversation() {
    return ears_of<conversation_actor>("conversation");
  }

  probe<shutdown_coordinator_actor> coordinator() {
    return ears_of<shutdown_coordinator_actor>("shutdown_coordinator");
  }

  /// The supervisor fails once more.
  void fail_again() {
    fails_at<get_supervisor_status>(moment::before);
    ask<supervisor_status>(family->root(), get_supervisor_status{});
  }

  bool replaced() const { return family->root() != root; }
};

const events four_stopped{"claude_process stopped", "conversation stopped",
                          "shutdown_coordinator stopped",
                          "pipe_output stopped"};

} // namespace

TEST_F(supervisions, a_supervisor_that_fails_costs_no_child_its_life) {
  start();
  take_events();
  auto child = seen.pipe_output;
  fails_at<get_supervisor_status>(moment::before);
  EXPECT_FALSE(ask<supervisor_status>(root, get_supervisor_status{}));
  EXPECT_EQ(hook.thrown, 1);
  EXPECT_EQ(take_events(), events{});
  EXPECT_TRUE(replaced());
  EXPECT_TRUE(lives(child));
  auto told = ears_of<pipe_output_actor>("pipe_output")
                .take_all<peers_changed>()
                .back();
  EXPECT_EQ(told.supervisor, family->root());
  EXPECT_EQ(told.pipe_output, child);
  EXPECT_EQ(log.count("supervisor_failed"), 1u);
  auto status = ask<supervisor_status>(family->root(), get_supervisor_status{});
  EXPECT_TRUE(status);
}

TEST_F(supervisions, the_next_supervisor_restarts_whoever_ended_meanwhile) {
  for (auto when : {moment::before, moment::after}) {
    if (!root)
      start();
    fails_at<caf::down_msg>(when);
    take_events();
    fail(&peers_changed::conversation);
    EXPECT_EQ(hook.thrown, 1);
    advance(500ms);
    EXPECT_EQ(take_events(),
              (events{"conversation stopped", "conversation started"}));
  }
}

TEST_F(supervisions, a_restart_that_was_due_comes_in_its_time) {
  start();
  fail(&peers_changed::conversation);
  take_events();
  advance(100ms);
  fails_at<get_supervisor_status>(moment::before);
  ask<supervisor_status>(root, get_supervisor_status{});
  EXPECT_TRUE(replaced());
  advance(99ms);
  EXPECT_EQ(take_events(), events{});
  advance(1ms);
  EXPECT_EQ(take_events(), events{"conversation started"});
}

TEST_F(supervisions, a_restart_at_which_it_fails_is_made_all_the_same) {
  for (auto when : {moment::before, moment::after}) {
    if (!root)
      start();
    fails_at<restart_child>(when);
    fail(&peers_changed::conversation);
    take_events();
    advance(1000ms);
    EXPECT_EQ(hook.thrown, 1);
    EXPECT_EQ(take_events(), events{"conversation started"});
  }
}

TEST_F(supervisions, a_signal_at_which_it_fails_is_not_lost) {
  start();
  fails_at<begin_shutdown>(moment::before);
  family->shut_down({"SIGTERM", 0, true});
  settle();
  EXPECT_EQ(hook.thrown, 1);
  EXPECT_EQ(coordinator().take<begin_shutdown>().reason, "SIGTERM");
}

TEST_F(supervisions, a_stop_in_whose_midst_it_fails_goes_on) {
  start();
  take_events();
  fails_at<caf::down_msg>(moment::before);
  tell(root, stop_agent{3});
  settle();
  EXPECT_EQ(hook.thrown, 1);
  EXPECT_EQ(take_events(), four_stopped);
  EXPECT_EQ(stopped, 3);
}

TEST_F(supervisions, an_order_to_stop_at_which_it_fails_after_all_is_done) {
  start();
  take_events();
  fails_at<stop_agent>(moment::after);
  tell(root, stop_agent{3});
  settle();
  EXPECT_EQ(take_events(), four_stopped);
  EXPECT_EQ(stopped, 3);
}

TEST_F(supervisions, a_supervisor_that_fails_too_often_ends_the_agent) {
  settings.policy.max_restarts = 2;
  start();
  take_events();
  for (int i = 0; i < 3; ++i)
    fail_again();
  EXPECT_EQ(log.count("supervisor_gave_up"), 1u);
  auto told = conversation().take<restarts_exhausted>();
  EXPECT_EQ(told.name, "supervisor");
  EXPECT_FALSE(told.waits);
  advance(supervisor::last_words_timeout - 1ms);
  EXPECT_FALSE(stopped) << "the conversation has something to say";
  EXPECT_EQ(take_events(), events{});
  advance(1ms);
  EXPECT_EQ(stopped, 1) << "internal_error";
  EXPECT_EQ(take_events(), four_stopped);
}

TEST_F(supervisions, whoever_waits_is_started_for_the_last_words) {
  settings.policy.max_restarts = 0;
  start();
  fail(&peers_changed::conversation);
  take_events();
  fail_again();
  EXPECT_EQ(take_events(), events{"conversation started"});
  EXPECT_EQ(conversation().take<restarts_exhausted>().name, "supervisor");
}

TEST_F(supervisions, the_last_supervisor_has_no_successor) {
  settings.policy.max_restarts = 0;
  start();
  take_events();
  fail_again();
  EXPECT_FALSE(stopped);
  fail_again();
  EXPECT_EQ(stopped, 1) << "internal_error";
  EXPECT_EQ(take_events().size(), 4u) << "all have stopped";
  EXPECT_EQ(log.count("supervisor_gave_up"), 1u);
}

TEST_F(supervisions, the_end_without_a_coordinator_survives_the_supervisor) {
  settings.children[1].policy.max_restarts = 0;
  start();
  fail(&peers_changed::shutdown_coordinator);
  fails_at<get_supervisor_status>(moment::before);
  ask<supervisor_status>(root, get_supervisor_status{});
  EXPECT_TRUE(replaced());
  advance(supervisor::last_words_timeout);
  EXPECT_EQ(stopped, 6);
}

TEST_F(supervisions, a_plan_that_cannot_be_made_is_a_restart_at_once) {
  start();
  take_events();
  random.throws = 1;
  fail(&peers_changed::conversation);
  advance(1ms);
  EXPECT_TRUE(replaced());
  EXPECT_EQ(take_events(),
            (events{"conversation stopped", "conversation started"}));
}

// -- the shutdown -------------------------------------------------------------

TEST_F(supervisions,
       a_child_that_waits_is_started_at_once_when_the_shutdown_begins) {
  start();
  fail(&peers_changed::conversation);
  take_events();
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  settle();
  EXPECT_EQ(take_events(), events{"conversation started"});
  advance(20'000ms);
  EXPECT_EQ(take_events(), events{}) << "the old plan is forgotten";
}

TEST_F(supervisions, a_child_that_fails_in_the_shutdown_is_started_at_once) {
  start();
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  settle();
  take_events();
  fail(&peers_changed::conversation);
  EXPECT_EQ(take_events(),
            (events{"conversation stopped", "conversation started"}));
}

TEST_F(supervisions, once_it_is_abandoned_nobody_is_started_any_more) {
  start();
  fail(&peers_changed::conversation);
  take_events();
  family->abandon();
  advance(1000ms);
  EXPECT_EQ(take_events(), events{});
  EXPECT_FALSE(family->directory.conversation);
  fail(&peers_changed::pipe_output); // the supervisor ends with the others
  EXPECT_EQ(take_events().size(), 3u);
  EXPECT_FALSE(lives(root));
}

// -- types of restart ---------------------------------------------------------

TEST_F(supervisions, a_temporary_child_is_not_started_again) {
  settings.children[0].type = restart_type::temporary;
  start();
  take_events();
  fail(&peers_changed::pipe_output);
  advance(60'000ms);
  EXPECT_EQ(take_events(), events{"pipe_output stopped"});
  EXPECT_EQ(coordinator().count<begin_shutdown>(), 0u);
}

TEST_F(supervisions, a_temporary_child_that_matters_ends_the_agent_with_it) {
  settings.children[3].type = restart_type::temporary;
  start();
  end_with(&peers_changed::claude_process,
           make_error(agent_error::child_ended, "ended by signal 2"));
  auto begun = coordinator().take<begin_shutdown>();
  EXPECT_EQ(begun.exit_code, 130);
  EXPECT_NE(begun.reason.find("ended by signal 2"), std::string::npos);
  EXPECT_FALSE(conversation().take<restarts_exhausted>().waits);
}

TEST_F(supervisions, a_temporary_child_that_ends_in_peace_ends_it_too) {
  settings.children[3].type = restart_type::temporary;
  start();
  caf::anon_send_exit(seen.claude_process, caf::exit_reason::normal);
  settle();
  EXPECT_EQ(coordinator().take<begin_shutdown>().exit_code, 130);
}

// -- restarts that somebody wants ---------------------------------------------

TEST_F(supervisions, a_planned_restart_is_at_once_and_counts_for_nothing) {
  settings.children[3].policy.max_restarts = 0;
  start();
  take_events();
  for (int i = 0; i < 3; ++i) {
    end_with(&peers_changed::claude_process,
             make_error(agent_error::child_renewed, "memory"));
    EXPECT_EQ(take_events(),
              (events{"claude_process stopped", "claude_process started"}));
    auto told = conversation().take<restart_scheduled>();
    EXPECT_EQ(told.attempt, 0u);
    EXPECT_EQ(told.reason, "child_renewed: memory");
  }
  EXPECT_EQ(log.count("gave_up"), 0u);
}

TEST_F(supervisions, a_wish_for_a_restart_goes_to_the_conversation) {
  start();
  tell(root, restart_claude{"somebody asked", true});
  settle();
  auto wish = conversation().take<restart_claude>();
  EXPECT_EQ(wish.reason, "somebody asked");
  EXPECT_TRUE(wish.at_once);
}

TEST_F(supervisions, a_wish_cuts_the_wait_for_a_restart_short) {
  settings.children[3].policy.first_delay = 10'000ms;
  start();
  fail(&peers_changed::claude_process);
  take_events();
  tell(root, restart_claude{"somebody asked", false});
  settle();
  EXPECT_EQ(take_events(), events{"claude_process started"});
  advance(20'000ms);
  EXPECT_EQ(take_events(), events{}) << "the old plan is forgotten";
}

TEST_F(supervisions, given_up_it_waits_to_be_asked) {
  settings.children[3].policy.max_restarts = 0;
  settings.children[3].on_give_up = give_up_action::wait;
  start();
  fail(&peers_changed::claude_process);
  EXPECT_TRUE(conversation().take<restarts_exhausted>().waits);
  take_events();
  advance(600'000ms);
  EXPECT_EQ(take_events(), events{});
  EXPECT_EQ(coordinator().count<begin_shutdown>(), 0u);
  tell(root, restart_claude{"try again", false});
  settle();
  EXPECT_EQ(take_events(), events{"claude_process started"});
  conversation().forget();
  fail(&peers_changed::claude_process);
  EXPECT_TRUE(conversation().take<restarts_exhausted>().waits) << "once more";
}

TEST_F(supervisions, a_new_conversation_is_told_that_claude_was_given_up) {
  settings.children[3].policy.max_restarts = 0;
  settings.children[3].on_give_up = give_up_action::wait;
  start();
  fail(&peers_changed::conversation);
  fail(&peers_changed::claude_process);
  EXPECT_EQ(conversation().count<restarts_exhausted>(), 0u);
  advance(200ms);
  EXPECT_GE(conversation().count<restarts_exhausted>(), 1u);
}

TEST_F(supervisions, nobody_starts_claude_in_a_shutdown) {
  settings.children[3].policy.max_restarts = 0;
  settings.children[3].on_give_up = give_up_action::wait;
  start();
  fail(&peers_changed::claude_process);
  tell(root, begin_shutdown{"SIGTERM", 0, true});
  tell(root, restart_claude{"try again", false});
  take_events();
  settle();
  EXPECT_EQ(take_events(), events{});
}

TEST_F(supervisions, restarts_are_counted_by_child_and_kind_of_reason) {
  start();
  end_with(&peers_changed::claude_process,
           make_error(agent_error::child_ended, "ended by signal 9"));
  advance(1000ms);
  end_with(&peers_changed::claude_process,
           make_error(agent_error::child_ended, "exit code 1"));
  advance(1000ms);
  fail(&peers_changed::conversation);
  advance(1000ms);
  fail_again();
  auto status = ask<supervisor_status>(family->root(), get_supervisor_status{});
  ASSERT_TRUE(status);
  ASSERT_EQ(status->by_child.size(), 3u);
  EXPECT_EQ(status->by_child[0].child, "claude_process");
  EXPECT_EQ(status->by_child[0].reason, "child_ended");
  EXPECT_EQ(status->by_child[0].count, 2u);
  EXPECT_EQ(status->by_child[1].child, "conversation");
  EXPECT_EQ(status->by_child[2].child, "supervisor");
  EXPECT_EQ(status->restarts, 4u);
}

} // namespace container_agent::test
