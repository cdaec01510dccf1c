#include "main/cli/restart_rule.hpp"
#include "test/cli/option_support.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

restart_rule rule(std::string_view text) {
  auto read = parse_restart_rule(text);
  if (auto* error = std::get_if<restart_rule_error>(&read)) {
    ADD_FAILURE() << text << ": " << error->what;
    return {};
  }
  return std::get<restart_rule>(read);
}

std::string objection(std::string_view text) {
  auto read = parse_restart_rule(text);
  auto* error = std::get_if<restart_rule_error>(&read);
  return error == nullptr ? "" : error->what;
}

} // namespace

TEST(restart_rule, may_be_a_type_alone) {
  auto r = rule("claude_process=temporary");
  EXPECT_EQ(r.actor, "claude_process");
  EXPECT_EQ(r.type, restart_type::temporary);
  EXPECT_FALSE(r.max_restarts);
}

TEST(restart_rule, may_say_everything) {
  auto r = rule("pipe_input=permanent,max=20,window=5m,delay=1s,delay-max=1m,"
                "jitter=0.5");
  auto policy = apply(r, {});
  EXPECT_EQ(policy.max_restarts, 20u);
  EXPECT_EQ(policy.window, 5min);
  EXPECT_EQ(policy.first_delay, 1s);
  EXPECT_EQ(policy.max_delay, 1min);
  EXPECT_EQ(policy.jitter, 0.5);
}

TEST(restart_rule, leaves_what_it_does_not_name_as_it_is) {
  restart_policy_config all;
  all.max_restarts = 7;
  all.jitter = 0;
  auto policy = apply(rule("conversation=permanent,window=1s"), all);
  EXPECT_EQ(policy.max_restarts, 7u);
  EXPECT_EQ(policy.jitter, 0);
  EXPECT_EQ(policy.window, 1s);
}

TEST(restart_rule, a_longer_first_delay_lifts_the_longest) {
  auto policy = apply(rule("conversation=permanent,delay=1h"), {});
  EXPECT_EQ(policy.max_delay, 1h);
  EXPECT_EQ(policy.validate(), "");
}

TEST(restart_rule, refuses_what_it_does_not_know) {
  EXPECT_NE(objection("claude=permanent").find("none of the agent's actors"),
            std::string::npos);
  EXPECT_NE(objection("claude_process=often").find("no type of restart"),
            std::string::npos);
  EXPECT_NE(objection("claude_process").find("no type of restart"),
            std::string::npos);
  for (auto text : {"max", "max=", "max=x", "max=-1", "window=0", "window=7",
                    "jitter=2", "jitter=-0.1", "jitter=0,2", "speed=3"})
    EXPECT_NE(objection("claude_process=permanent," + std::string{text})
                .find("says nothing about restarts"),
              std::string::npos)
      << text;
}

TEST(restart_rule, refuses_to_go_without_those_that_matter) {
  for (auto actor :
       {"conversation", "pipe_input", "pipe_output", "shutdown_coordinator"})
    EXPECT_NE(
      objection(std::string{actor} + "=temporary").find("nothing works"),
      std::string::npos)
      << actor;
  EXPECT_EQ(objection("control=temporary"), "");
}

} // namespace container_agent::test
