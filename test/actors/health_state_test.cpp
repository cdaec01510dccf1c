#include "actors/health/health_state.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using codec::status_facts;

/// All is well, and Claude takes prompts.
status_facts well() {
  status_facts facts;
  facts.conversation.ready = true;
  facts.child = {true, 77, 1};
  facts.claude = process_usage{77, 300, 0ms};
  facts.loop_lag = 0ms;
  return facts;
}

health_verdict judge_with(const std::function<void(status_facts&)>& change,
                          bool was_ready = true,
                          const health_limits& limits = {}) {
  auto facts = well();
  change(facts);
  return judge(facts, was_ready, limits);
}

void expect(const health_verdict& v, const std::string& state, bool live,
            bool ready, const std::string& why) {
  EXPECT_EQ(v.state, state) << v.why;
  EXPECT_EQ(v.live, live) << v.why;
  EXPECT_EQ(v.ready, ready) << v.why;
  EXPECT_EQ(v.why, why);
}

} // namespace

TEST(health_state, ready_when_all_is_well) {
  expect(judge_with([](auto&) {}), "ready", true, true, "Claude takes prompts");
}

TEST(health_state, degraded_while_nothing_may_be_sent) {
  expect(judge_with([](auto& f) {
           f.conversation.ready = false;
           f.conversation.blocked = "Claude did not take the mode";
         }),
         "degraded", true, false, "Claude did not take the mode");
}

TEST(health_state, busy_with_what_claude_does_by_itself) {
  expect(judge_with([](auto& f) { f.conversation.own_turn = true; }), "busy",
         true, true, "Claude works on a turn of its own");
  expect(judge_with([](auto& f) { f.conversation.tasks = 1; }), "busy", true,
         true, "a background task runs");
  expect(judge_with([](auto& f) { f.conversation.tasks = 2; }), "busy", true,
         true, "2 background tasks run");
}

TEST(health_state, busy_with_waiting_for_the_host) {
  auto asks = [](auto& f) {
    f.conversation.in_flight = 1;
    f.conversation.requests = {{"q1", "can_use_tool", "Bash", "", {}}};
    f.conversation.requests_open = 1;
  };
  expect(judge_with(asks), "busy", true, true,
         "waits for the host to answer Bash");
  expect(judge_with([&](auto& f) {
           asks(f);
           f.conversation.requests.front().tool.clear();
           f.conversation.requests_open = 3;
         }),
         "busy", true, true,
         "waits for the host to answer can_use_tool and 2 more");
}

TEST(health_state, busy_while_a_turn_runs) {
  expect(judge_with([](auto& f) { f.conversation.in_flight = 1; }), "busy",
         true, true, "a turn is in flight");
}

TEST(health_state, starting_until_claude_was_ready) {
  auto starting = [](auto& f) { f.conversation.ready = false; };
  expect(judge_with(starting, false), "starting", true, false,
         "Claude is starting");
}

TEST(health_state, a_start_that_takes_a_minute_is_degraded) {
  auto at = [](std::chrono::seconds uptime) {
    return judge_with(
      [uptime](auto& f) {
        f.conversation.ready = false;
        f.uptime = uptime;
      },
      false);
  };
  EXPECT_EQ(at(59s).state, "starting");
  expect(at(60s), "degraded", true, false,
         "Claude has not become ready in 60 s");
}

TEST(health_state, degraded_while_claude_is_away_again) {
  expect(judge_with([](auto& f) {
           f.conversation.ready = false;
           f.child.running = false;
         }),
         "degraded", true, false, "Claude is away");
  expect(judge_with([](auto& f) { f.conversation.ready = false; }), "degraded",
         true, false, "Claude runs but is not ready again yet");
}

TEST(health_state, degraded_but_ready_after_a_restart) {
  expect(judge_with([](auto& f) { f.supervisor.restarts_in_window = 2; }),
         "degraded", true, true, "restarted within the window, times: 2");
}

TEST(health_state, degraded_when_somebody_is_silent) {
  for (const auto* actor :
       {"pipe_input", "pipe_output", "conversation", "claude_process",
        "shutdown_coordinator", "control"})
    expect(judge_with([&](auto& f) { f.silent = {actor}; }), "degraded", true,
           true, std::string{actor} + " does not answer");
}

TEST(health_state, failed_and_not_live_when_the_core_is_silent) {
  expect(judge_with([](auto& f) { f.silent = {"supervisor"}; }), "failed",
         false, false, "the supervisor does not answer");
  expect(judge_with([](auto& f) {
           f.silent = {"claude_process", "conversation"};
         }),
         "failed", false, false,
         "neither conversation nor claude_process answers");
}

TEST(health_state, failed_but_live_when_restarting_was_given_up) {
  expect(judge_with([](auto& f) { f.supervisor.gave_up = "claude_process"; }),
         "failed", true, false, "restarting claude_process was given up");
}

TEST(health_state, not_ready_from_the_wish_to_end_on) {
  expect(judge_with([](auto& f) { f.shutdown.phase = "draining"; }), "degraded",
         true, false, "the agent is stopping: draining");
}

TEST(health_state, degraded_beyond_the_limit_of_memory) {
  auto with = [](std::uint64_t limit) {
    return judge_with([](auto& f) { f.claude->resident_bytes = 300ull << 20; },
                      true, {.max_claude_rss = limit});
  };
  EXPECT_EQ(with(0).state, "ready");
  EXPECT_EQ(with(300ull << 20).state, "ready");
  expect(with(200ull << 20), "degraded", true, true,
         "Claude uses 300 MiB, over its limit of 200 MiB");
}

TEST(health_state, degraded_after_a_late_look) {
  auto late = [](std::chrono::milliseconds lag) {
    return judge_with([lag](auto& f) { f.loop_lag = lag; });
  };
  EXPECT_EQ(late(999ms).state, "ready");
  expect(late(1'000ms), "degraded", true, true,
         "the event loop was 1000 ms late");
}

TEST(health_state, the_worst_decides) {
  EXPECT_EQ(judge_with([](auto& f) {
              f.conversation.in_flight = 1;
              f.supervisor.restarts_in_window = 1;
              f.silent = {"control"};
              f.supervisor.gave_up = "control";
            }).state,
            "failed");
}

TEST(health_state, degraded_and_not_ready_while_no_input_is_read) {
  expect(judge_with([](auto& f) { f.input.trouble = "the disk is full"; }),
         "degraded", true, false, "the input is not read: the disk is full");
}

} // namespace container_agent::test
