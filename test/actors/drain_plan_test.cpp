#include "actors/shutdown/drain_plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using phase = drain_plan::phase;
using event = drain_plan::event;

constexpr std::array all_phases{
  phase::running,     phase::draining, phase::interrupting, phase::closing,
  phase::terminating, phase::killing,  phase::flushing,     phase::stopped};

/// A plan that has come to this phase; the child still lives.
drain_plan plan_in(phase p) {
  drain_plan plan{{}};
  for (int i = 0; plan.now() != p && i < 10; ++i)
    plan.apply(event::begin);
  EXPECT_EQ(plan.now(), p);
  return plan;
}

struct row {
  phase from;
  // where begin, drained, child_gone, flushed and time_up lead
  std::array<phase, 5> to;
};

constexpr std::array events{event::begin, event::drained, event::child_gone,
                            event::flushed, event::time_up};

constexpr std::array<row, 8> table{{
  {phase::running,
   {phase::draining, phase::running, phase::running, phase::running,
    phase::running}},
  {phase::draining,
   {phase::interrupting, phase::closing, phase::flushing, phase::draining,
    phase::interrupting}},
  {phase::interrupting,
   {phase::closing, phase::closing, phase::flushing, phase::interrupting,
    phase::closing}},
  {phase::closing,
   {phase::terminating, phase::closing, phase::flushing, phase::closing,
    phase::terminating}},
  {phase::terminating,
   {phase::killing, phase::terminating, phase::flushing, phase::terminating,
    phase::killing}},
  {phase::killing,
   {phase::flushing, phase::killing, phase::flushing, phase::killing,
    phase::flushing}},
  {phase::flushing,
   {phase::stopped, phase::flushing, phase::flushing, phase::stopped,
    phase::stopped}},
  {phase::stopped,
   {phase::stopped, phase::stopped, phase::stopped, phase::stopped,
    phase::stopped}},
}};

} // namespace

TEST(drain_plan, every_phase_and_every_event) {
  for (const auto& row : table)
    for (std::size_t i = 0; i < events.size(); ++i) {
      auto plan = plan_in(row.from);
      auto moved = plan.apply(events[i]);
      EXPECT_EQ(plan.now(), row.to[i]) << to_string(row.from) << ", event " << i
                                       << ", led to " << to_string(plan.now());
      EXPECT_EQ(moved, row.to[i] != row.from);
    }
}

TEST(drain_plan, a_quick_end) {
  drain_plan plan{{}};
  EXPECT_TRUE(plan.apply(event::begin));
  EXPECT_TRUE(plan.apply(event::drained));
  EXPECT_TRUE(plan.apply(event::child_gone));
  EXPECT_TRUE(plan.apply(event::flushed));
  EXPECT_EQ(plan.now(), phase::stopped);
}

TEST(drain_plan, time_alone_leads_to_the_end) {
  drain_plan plan{{}};
  plan.apply(event::begin);
  for (int i = 0; i < 6; ++i)
    EXPECT_TRUE(plan.apply(event::time_up));
  EXPECT_EQ(plan.now(), phase::stopped);
}

TEST(drain_plan, without_a_child_nothing_is_closed_or_killed) {
  drain_plan plan{{}};
  plan.apply(event::child_gone); // before it all began
  EXPECT_EQ(plan.now(), phase::running);
  plan.apply(event::begin);
  EXPECT_EQ(plan.now(), phase::draining);
  plan.apply(event::drained);
  EXPECT_EQ(plan.now(), phase::flushing);
}

TEST(drain_plan, leaving_only_flushes) {
  drain_plan plan{{}};
  EXPECT_TRUE(plan.apply(event::leave));
  EXPECT_EQ(plan.now(), phase::flushing);
  EXPECT_TRUE(plan.apply(event::leave)); // a second signal
  EXPECT_EQ(plan.now(), phase::stopped);
  EXPECT_FALSE(plan.apply(event::leave));
}

TEST(drain_plan, leaving_hurries_an_end_that_has_begun) {
  auto plan = plan_in(phase::draining);
  EXPECT_TRUE(plan.apply(event::leave));
  EXPECT_EQ(plan.now(), phase::interrupting);
}

TEST(drain_plan, events_may_come_late_or_twice) {
  auto plan = plan_in(phase::flushing);
  EXPECT_FALSE(plan.apply(event::drained));
  EXPECT_FALSE(plan.apply(event::child_gone));
  EXPECT_FALSE(plan.apply(event::child_gone));
  EXPECT_TRUE(plan.apply(event::flushed));
  EXPECT_FALSE(plan.apply(event::flushed));
}

TEST(drain_plan, every_phase_has_its_own_time) {
  drain_timeouts timeouts{1ms, 2ms, 3ms, 4ms, 5ms, 6ms};
  drain_plan plan{timeouts};
  EXPECT_EQ(plan.timeout(), 0ms);
  for (auto expected : {1ms, 2ms, 3ms, 4ms, 5ms, 6ms}) {
    plan.apply(event::begin);
    EXPECT_EQ(plan.timeout(), expected) << to_string(plan.now());
  }
  plan.apply(event::begin);
  EXPECT_EQ(plan.timeout(), 0ms);
}

TEST(drain_plan, the_default_times_stay_below_dockers_ten_seconds) {
  drain_timeouts t;
  EXPECT_LT(t.turn + t.interrupt + t.close + t.terminate + t.kill + t.flush,
            10s);
}

TEST(drain_plan, every_phase_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (auto p : all_phases)
    names.insert(to_string(p));
  EXPECT_EQ(names.size(), all_phases.size());
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(drain_plan, configuration_is_checked) {
  EXPECT_EQ(drain_timeouts{}.validate(), "");
  EXPECT_EQ((drain_timeouts{0ms, 0ms, 0ms, 0ms, 0ms, 0ms}.validate()), "");
  EXPECT_NE(drain_timeouts{.kill = -1ms}.validate(), "");
}

} // namespace container_agent::test
