#include "test/actors/conversation_fixture.hpp"

/// How long the conversation waits, and how it has Claude started again.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using kind = stall_kind;

class conversation_patience : public conversations {
public:
  void SetUp() override {
    settings.stall_timeout = 1000ms;
    settings.start_timeout = 5000ms;
    start();
  }

  /// From now on Claude owes this; each call is a sign of life.
  void owe(kind what) {
    protocol.waiting = {what, ++signs_};
    look();
  }

private:
  std::uint64_t signs_ = 0;
};

} // namespace

TEST_F(conversation_patience, ends_after_the_time_that_was_given) {
  owe(kind::turn);
  advance(999ms);
  EXPECT_EQ(protocol.times_overdue, 0);
  advance(1ms);
  EXPECT_EQ(protocol.times_overdue, 1);
  advance(60'000ms);
  EXPECT_EQ(protocol.times_overdue, 1) << "told once";
}

TEST_F(conversation_patience, is_longer_for_a_start) {
  owe(kind::start);
  advance(4999ms);
  EXPECT_EQ(protocol.times_overdue, 0);
  advance(1ms);
  EXPECT_EQ(protocol.times_overdue, 1);
}

TEST_F(conversation_patience, begins_anew_with_each_sign_of_life) {
  owe(kind::turn);
  for (int i = 0; i < 5; ++i) {
    advance(900ms);
    owe(kind::turn);
  }
  EXPECT_EQ(protocol.times_overdue, 0);
  advance(999ms);
  EXPECT_EQ(protocol.times_overdue, 0);
  advance(1ms);
  EXPECT_EQ(protocol.times_overdue, 1);
}

TEST_F(conversation_patience, of_a_turn_is_not_that_of_the_start_before) {
  owe(kind::start);
  advance(10ms);
  owe(kind::turn);
  advance(1000ms);
  EXPECT_EQ(protocol.times_overdue, 1);
}

TEST_F(conversation_patience, is_over_when_nothing_is_owed_any_more) {
  owe(kind::turn);
  advance(500ms);
  owe(kind::nothing);
  advance(60'000ms);
  EXPECT_EQ(protocol.times_overdue, 0);
}

TEST_F(conversation_patience, with_an_interrupt_is_short) {
  for (auto time : {1000ms, 60'000ms}) {
    settings.stall_timeout = time;
    protocol.times_overdue = 0;
    start();
    owe(kind::turn);
    protocol.after_overdue = {kind::interrupt, 7};
    advance(time);
    EXPECT_EQ(protocol.times_overdue, 1);
    advance(
      std::min<std::chrono::milliseconds>(time, conversation::interrupt_grace));
    EXPECT_EQ(protocol.times_overdue, 2);
    kill(subject);
  }
}

TEST_F(conversation_patience, survives_the_actor) {
  owe(kind::turn);
  advance(900ms);
  kill(subject);
  start();
  advance(1000ms);
  EXPECT_EQ(protocol.times_overdue, 1) << "counted anew, but counted";
}

TEST_F(conversation_patience, sets_no_timer_for_each_of_many_turns) {
  for (int i = 0; i < 1000; ++i) {
    owe(kind::turn);
    owe(kind::nothing);
  }
  EXPECT_LE(pending_timers(), 2u);
}

TEST_F(conversation_patience, is_endless_if_no_time_was_given) {
  settings = {};
  start();
  owe(kind::turn);
  EXPECT_EQ(pending_timers(), 0u);
}

// -- what the protocol times itself -------------------------------------------

TEST_F(conversation_patience, tells_the_time_when_it_is_wanted) {
  owe(kind::nothing);
  EXPECT_TRUE(protocol.passed.empty()) << "no clock is read";
  protocol.unstamped = true;
  owe(kind::nothing);
  EXPECT_EQ(protocol.passed.size(), 1u);
}

TEST_F(conversation_patience, calls_when_something_is_due) {
  protocol.unstamped = true;
  owe(kind::nothing);
  protocol.alarm = protocol.passed.back() + 500ms;
  owe(kind::nothing);
  advance(499ms);
  EXPECT_EQ(protocol.passed.size(), 1u);
  advance(1ms);
  EXPECT_EQ(protocol.passed.size(), 2u);
  advance(60'000ms);
  EXPECT_EQ(protocol.passed.size(), 2u);
}

TEST_F(conversation_patience, calls_at_the_earlier_of_two_times) {
  protocol.unstamped = true;
  owe(kind::nothing);
  auto begin = protocol.passed.back();
  protocol.alarm = begin + 500ms;
  owe(kind::nothing);
  protocol.alarm = begin + 100ms;
  owe(kind::nothing);
  advance(100ms);
  EXPECT_EQ(protocol.passed.size(), 2u);
}

TEST_F(conversation_patience, the_next_actor_calls_all_the_same) {
  protocol.unstamped = true;
  owe(kind::nothing);
  protocol.alarm = protocol.passed.back() + 500ms;
  owe(kind::nothing);
  kill(subject);
  start();
  advance(500ms);
  EXPECT_EQ(protocol.passed.size(), 2u);
}

TEST_F(conversation_patience, hands_out_what_waits_for_the_host) {
  auto status = ask<conversation_status>(subject, get_conversation_status{});
  ASSERT_TRUE(status);
  ASSERT_EQ(status->requests.size(), 1u);
  EXPECT_EQ(status->requests[0].id, "q1");
}

TEST_F(conversation_patience, an_interrupt_is_answered) {
  auto outcome = ask<interrupt_outcome>(subject, interrupt_claude{});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->text, "interrupted");
}

// -- a new Claude -------------------------------------------------------------

TEST_F(conversation_patience, a_renewal_is_told_to_claude_process_once) {
  protocol.renewing = {"memory", false, false};
  owe(kind::nothing);
  owe(kind::nothing);
  EXPECT_EQ(claude.count<renew_child>(), 1u);
  EXPECT_EQ(claude.take<renew_child>().reason, "memory");
}

TEST_F(conversation_patience, a_renewal_is_told_to_the_next_claude_process) {
  protocol.renewing = {"memory", false, false};
  owe(kind::nothing);
  claude = make_probe(&peers_changed::claude_process);
  introduce(subject);
  EXPECT_EQ(claude.count<renew_child>(), 1u);
}

TEST_F(conversation_patience, a_wish_for_a_restart_reaches_the_protocol) {
  happen(restart_claude{"wish", true});
  EXPECT_EQ(protocol.taken, "wish");
}

} // namespace container_agent::test
