#include "actors/session/raw_relay.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/memory_log.hpp"
#include "test/support/recording_log.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

class raw_relays : public testing::Test {
public:
  fake_clock clock;
  counting_random random;
  recording_log log;
  memory_log input;
  memory_log said;
  raw_relay relay{{input, input, said}, {clock, random, log}};

  void host(std::string_view data) {
    input.put(data);
    relay.on_input_grew(input_grew{input.end()});
  }

  /// The child's stdin has got all up to here.
  void got(std::uint64_t end) { relay.on_child_input(child_input_window{end}); }

  void host_ends() {
    relay.on_input_grew(input_grew{input.end(), input.end(), true});
  }

  void start(std::uint64_t generation = 1) {
    relay.on_child_started(child_started{generation, 77, false});
  }

  void end(std::uint64_t generation = 1, bool asked = false) {
    child_ended e;
    e.generation = generation;
    e.asked = asked;
    relay.on_child_ended(e);
  }
};

} // namespace

TEST_F(raw_relays, bytes_pass_both_ways_untouched) {
  start();
  const std::string odd{"a\0\xff\n", 4};
  host(odd);
  said.put(odd);
  EXPECT_EQ(relay.to_child_end(), 4u);
  EXPECT_EQ(relay.shown_to(), 4u);
  EXPECT_EQ(input.text(), odd);
  EXPECT_EQ(said.shown(0, 4), odd);
}

TEST_F(raw_relays, no_record_of_the_agents_own) {
  start();
  relay.on_restart_scheduled(restart_scheduled{"claude_process", 1, {}, "x"});
  end();
  relay.on_restarts_exhausted(restarts_exhausted{"claude_process", "x"});
  relay.on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_EQ(said.text(), "");
  EXPECT_EQ(input.text(), "");
}

TEST_F(raw_relays, only_the_end_of_the_childs_own_actor_is_the_childs) {
  start();
  relay.on_restarts_exhausted(restarts_exhausted{"health_monitor", "x"});
  relay.on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_FALSE(relay.status().gave_up);
  EXPECT_FALSE(relay.drained());
  relay.on_restarts_exhausted(restarts_exhausted{"claude_process", "x"});
  EXPECT_TRUE(relay.status().gave_up);
}

TEST_F(raw_relays, input_that_no_child_has_got_waits_for_the_next_one) {
  start();
  host("a");
  host("b");
  got(1);
  end();
  EXPECT_EQ(relay.launch_plan().input_from, 1u);
  EXPECT_EQ(relay.launch_plan().after, 1u);
  start(2);
  EXPECT_EQ(relay.to_child_end(), 2u);
}

TEST_F(raw_relays, a_new_child_gets_no_session) {
  EXPECT_EQ(relay.launch_plan().session_id, "");
  EXPECT_FALSE(relay.launch_plan().anew);
}

TEST_F(raw_relays, no_input_is_wanted_while_the_child_does_not_read) {
  EXPECT_EQ(relay.input_standing().limit, raw_relay::window);
  host(std::string(raw_relay::window - 1, 'x'));
  EXPECT_TRUE(relay.may_read_input());
  host("x");
  EXPECT_FALSE(relay.may_read_input());
  got(1000);
  EXPECT_TRUE(relay.may_read_input());
  EXPECT_EQ(relay.input_standing().taken, 1000u);
  EXPECT_EQ(relay.input_standing().limit, 1000 + raw_relay::window);
}

TEST_F(raw_relays, no_output_is_wanted_while_the_host_does_not_read) {
  EXPECT_EQ(relay.output_limit(), raw_relay::window);
  said.put(std::string(raw_relay::window, 'x'));
  EXPECT_EQ(relay.output_limit(), raw_relay::window);
  relay.on_host_output(host_output_window{1000});
  EXPECT_EQ(relay.output_limit(), 1000 + raw_relay::window);
}

TEST_F(raw_relays, logs_are_let_go_of_that_both_sides_have) {
  host("abc");
  said.put("defg");
  got(2);
  relay.on_host_output(host_output_window{3});
  relay.release();
  EXPECT_EQ(input.released, 2u);
  EXPECT_EQ(said.released, 3u);
}

TEST_F(raw_relays, drained_when_the_last_input_has_reached_the_child) {
  start();
  host("a");
  relay.on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_FALSE(relay.drained());
  host_ends();
  EXPECT_FALSE(relay.drained()) << "a still waits";
  got(1);
  EXPECT_TRUE(relay.drained());
  EXPECT_FALSE(relay.wants_child());
}

TEST_F(raw_relays, drained_without_a_child_or_hope_for_one) {
  host("a");
  relay.on_begin_drain(begin_drain{"SIGTERM"});
  EXPECT_TRUE(relay.drained()) << "no child runs";
}

TEST_F(raw_relays, not_drained_before_it_was_told_to) {
  host_ends();
  EXPECT_FALSE(relay.drained());
  EXPECT_TRUE(relay.finished());
}

TEST_F(raw_relays, a_late_description_of_a_dead_child_changes_nothing) {
  start();
  end();
  start();
  EXPECT_FALSE(relay.child_runs());
}

TEST_F(raw_relays, an_end_that_is_told_twice_is_one) {
  start();
  end();
  start(2);
  end();
  EXPECT_TRUE(relay.child_runs());
}

TEST_F(raw_relays, the_log_tells_an_end_on_purpose_from_a_fault) {
  start();
  end(1, true);
  EXPECT_EQ(log.count("child_stopped"), 1u);
  start(2);
  host("abc");
  got(1);
  end(2);
  EXPECT_EQ(log.last("child_exited")->level, log_level::error);
  EXPECT_EQ(log.field("child_exited", "input_bytes_waiting"), "2");
}

TEST_F(raw_relays, status_tells_what_waits_and_whether_a_child_runs) {
  EXPECT_FALSE(relay.status().ready);
  start();
  host("ab");
  got(1);
  EXPECT_TRUE(relay.status().ready);
  EXPECT_EQ(relay.status().queued_bytes, 1u);
}

TEST_F(raw_relays, a_restart_that_somebody_wants_waits_for_no_turn) {
  start();
  EXPECT_EQ(relay.renewal(), nullptr);
  relay.on_restart_claude(restart_claude{"why", false});
  ASSERT_NE(relay.renewal(), nullptr);
  EXPECT_EQ(relay.renewal()->reason, "why");
  end();
  start(2);
  EXPECT_EQ(relay.renewal(), nullptr);
}

} // namespace container_agent::test
