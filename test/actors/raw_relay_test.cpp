#include "actors/raw_relay.hpp"
#include "test/actors/outboxes.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/recording_log.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

class raw_relays : public testing::Test {
public:
  fake_clock clock;
  counting_random random;
  recording_log log;
  raw_relay relay{{clock, random, log}};

  void host(const std::string& data) {
    relay.take(host_line{0, 1, bytes{data}, line_ending::raw, data.size()});
  }

  void end(bool asked = false) {
    child_ended e;
    e.asked = asked;
    relay.take(e);
  }
};

} // namespace

TEST_F(raw_relays, bytes_pass_both_ways_untouched) {
  relay.take(child_started{1, 77, false});
  const std::string odd{"a\0\xff\n", 4};
  host(odd);
  relay.take(child_output{1, bytes{odd}, true});
  EXPECT_EQ(bytes_in(relay.to_child), odd);
  EXPECT_EQ(bytes_in(relay.to_host), odd);
}

TEST_F(raw_relays, no_record_of_the_agents_own) {
  relay.take(child_started{1, 77, false});
  relay.take(restart_scheduled{"claude_process", 1, {}, "x"});
  end();
  relay.take(restarts_exhausted{"claude_process", "x"});
  relay.take(begin_drain{"SIGTERM"});
  EXPECT_TRUE(relay.to_host.empty());
  EXPECT_TRUE(relay.to_child.empty());
}

TEST_F(raw_relays, only_the_end_of_the_childs_own_actor_is_the_childs) {
  relay.take(child_started{1, 77, false});
  relay.take(restarts_exhausted{"health_monitor", "x"});
  relay.take(begin_drain{"SIGTERM"});
  EXPECT_FALSE(relay.status().gave_up);
  EXPECT_FALSE(relay.drained());
  relay.take(restarts_exhausted{"claude_process", "x"});
  EXPECT_TRUE(relay.status().gave_up);
}

TEST_F(raw_relays, input_that_no_child_has_taken_waits_for_the_next_one) {
  relay.take(child_started{1, 77, false});
  host("a");
  host("b");
  relay.to_child.update(plain_window{1, 1});
  end();
  EXPECT_EQ(relay.launch_plan().first_input, 2u);
  relay.take(child_started{2, 78, false});
  relay.to_child.rewind();
  EXPECT_EQ(bytes_in(relay.to_child), "b");
}

TEST_F(raw_relays, a_new_child_gets_no_session) {
  EXPECT_EQ(relay.launch_plan().session_id, "");
  EXPECT_FALSE(relay.launch_plan().anew);
}

TEST_F(raw_relays, credit_ends_when_the_child_does_not_read) {
  for (std::size_t i = 0; i < raw_relay::max_unsent_pieces; ++i) {
    EXPECT_GT(relay.input_credit(), 0u) << i;
    host("x");
  }
  EXPECT_EQ(relay.input_credit(), 0u);
  bytes_in(relay.to_child);
  EXPECT_GT(relay.input_credit(), 0u);
}

TEST_F(raw_relays, credit_ends_when_the_host_does_not_read) {
  for (std::size_t i = 0; i < bridge::max_unsent_output; ++i) {
    EXPECT_GT(relay.output_credit(), 0u) << i;
    relay.take(child_output{i + 1, bytes{"x"}, true});
  }
  EXPECT_EQ(relay.output_credit(), 0u);
  bytes_in(relay.to_host);
  EXPECT_GT(relay.output_credit(), 0u);
}

TEST_F(raw_relays, drained_when_the_last_input_has_reached_the_child) {
  relay.take(child_started{1, 77, false});
  host("a");
  relay.take(begin_drain{"SIGTERM"});
  EXPECT_FALSE(relay.drained());
  relay.take(host_input_ended{});
  EXPECT_FALSE(relay.drained()) << "a still waits";
  bytes_in(relay.to_child);
  EXPECT_TRUE(relay.drained());
  EXPECT_FALSE(relay.wants_child());
}

TEST_F(raw_relays, drained_without_a_child_or_hope_for_one) {
  host("a");
  relay.take(begin_drain{"SIGTERM"});
  EXPECT_TRUE(relay.drained()) << "no child runs";
}

TEST_F(raw_relays, not_drained_before_it_was_told_to) {
  relay.take(host_input_ended{});
  EXPECT_FALSE(relay.drained());
  EXPECT_TRUE(relay.finished());
}

TEST_F(raw_relays, a_late_description_of_a_dead_child_changes_nothing) {
  relay.take(child_started{1, 77, false});
  end();
  relay.take(child_started{1, 77, false});
  EXPECT_FALSE(relay.child_runs());
}

TEST_F(raw_relays, the_log_tells_an_end_on_purpose_from_a_fault) {
  relay.take(child_started{1, 77, false});
  end(true);
  EXPECT_EQ(log.count("child_stopped"), 1u);
  relay.take(child_started{2, 78, false});
  end(false);
  EXPECT_EQ(log.last("child_exited")->level, log_level::error);
}

TEST_F(raw_relays, status_tells_pieces_and_whether_a_child_runs) {
  EXPECT_FALSE(relay.status().ready);
  relay.take(child_started{1, 77, false});
  host("a");
  host("b");
  EXPECT_TRUE(relay.status().ready);
  EXPECT_EQ(relay.status().lines, 2u);
  EXPECT_EQ(relay.status().queued, 2u);
  relay.to_child.update(plain_window{0, 1});
  relay.to_child.next();
  EXPECT_EQ(relay.status().queued, 1u) << "the other is under way";
}

} // namespace container_agent::test
