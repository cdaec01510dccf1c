#include "actors/control/control.hpp"

#include "test/support/actor_fixture.hpp"
#include "test/support/control_ports.hpp"

#include <gmock/gmock.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

class controls : public actor_fixture {
public:
  fake_control_port port{events};
  probe<supervisor_actor> supervisor = make_probe(&peers_changed::supervisor);
  probe<health_monitor_actor> monitor
    = make_probe(&peers_changed::health_monitor);
  control_actor actor;

  void start() {
    actor = spawn<control>(port, control_config{9'750ms}, context);
    introduce(actor);
  }

  std::string answer_to(const std::string& line) {
    auto id = port.give(line);
    settle();
    return port.answers[id];
  }
};

} // namespace

TEST_F(controls, status_is_the_health_monitors_document) {
  monitor.answer(health_report{"ready", R"({"state":"ready"})"});
  start();
  EXPECT_EQ(answer_to(R"({"command":"status"})"),
            R"({"ok":true,"status":{"state":"ready"}})");
}

TEST_F(controls, stop_begins_the_shutdown_and_says_how_long_it_takes) {
  start();
  EXPECT_EQ(answer_to(R"({"command":"stop"})"),
            R"({"ok":true,"at_most_ms":9750})");
  auto wish = supervisor.take<begin_shutdown>();
  EXPECT_EQ(wish.reason, "stop requested");
  EXPECT_EQ(wish.exit_code, 0);
  EXPECT_TRUE(wish.urgent);
  EXPECT_EQ(log.field("control_request", "by_pid"), "4711");
}

TEST_F(controls, restart_claude_is_the_supervisors_business) {
  start();
  EXPECT_EQ(answer_to(R"({"command":"restart_claude"})"), R"({"ok":true})");
  auto wish = supervisor.take<restart_claude>();
  EXPECT_EQ(wish.reason, "restart requested");
  EXPECT_FALSE(wish.at_once);
  answer_to(R"({"command":"restart_claude","now":true,"reason":"stuck"})");
  wish = supervisor.take<restart_claude>();
  EXPECT_EQ(wish.reason, "stuck");
  EXPECT_TRUE(wish.at_once);
}

TEST_F(controls, a_request_with_which_a_supervisor_dies_goes_to_the_next_one) {
  start();
  kill(supervisor.handle());
  auto id = port.give(R"({"command":"restart_claude"})");
  settle();
  EXPECT_FALSE(port.answers.contains(id));
  supervisor = make_probe(&peers_changed::supervisor);
  introduce(actor);
  EXPECT_EQ(port.answers[id], R"({"ok":true})");
  EXPECT_EQ(supervisor.count<restart_claude>(), 1u);
}

TEST_F(controls, a_request_that_seems_to_kill_the_supervisor_gets_an_error) {
  start();
  kill(supervisor.handle());
  auto id = port.give(R"({"command":"restart_claude"})");
  settle();
  for (std::uint32_t i = 0; i < control::max_attempts; ++i) {
    EXPECT_FALSE(port.answers.contains(id));
    supervisor = make_probe(&peers_changed::supervisor);
    kill(supervisor.handle());
    introduce(actor);
  }
  EXPECT_EQ(port.answers[id],
            R"({"ok":false,"error":"the agent has failed at this request"})");
}

TEST_F(controls, an_interrupt_says_what_came_of_it) {
  auto subject = make_probe(&peers_changed::conversation);
  start();
  subject.answer(interrupt_outcome{true, "Claude was told"});
  EXPECT_EQ(answer_to(R"({"command":"interrupt"})"),
            R"({"ok":true,"done":"Claude was told"})");
  subject.answer(interrupt_outcome{false, "no turn is in flight"});
  EXPECT_EQ(answer_to(R"({"command":"interrupt"})"),
            R"({"ok":false,"error":"no turn is in flight"})");
}

TEST_F(controls, an_interrupt_without_a_conversation_is_refused) {
  start();
  EXPECT_THAT(answer_to(R"({"command":"interrupt"})"),
              testing::HasSubstr("ask again"));
  auto subject = make_probe(&peers_changed::conversation);
  introduce(actor);
  kill(subject.handle());
  EXPECT_THAT(answer_to(R"({"command":"interrupt"})"),
              testing::HasSubstr("ask again"));
}

TEST_F(controls, nonsense_gets_an_error) {
  start();
  EXPECT_EQ(answer_to("nonsense"),
            R"({"ok":false,"error":"not a JSON object"})");
  EXPECT_TRUE(supervisor.names().empty());
}

TEST_F(controls, requests_wait_until_it_knows_its_peers) {
  actor = spawn<control>(port, control_config{}, context);
  auto id = port.give(R"({"command":"stop"})");
  settle();
  EXPECT_FALSE(port.answers.contains(id));
  introduce(actor);
  EXPECT_TRUE(port.answers.contains(id));
}

TEST_F(controls, a_request_in_flight_at_its_death_is_asked_again) {
  start();
  monitor.fall_silent();
  auto id = port.give(R"({"command":"status"})");
  settle();
  kill(actor);
  EXPECT_FALSE(port.answers.contains(id));
  monitor = make_probe(&peers_changed::health_monitor);
  monitor.answer(health_report{"ready", "{}"});
  start();
  EXPECT_EQ(port.answers[id], R"({"ok":true,"status":{}})");
}

TEST_F(controls, a_request_that_seems_to_kill_it_gets_an_error) {
  monitor.fall_silent();
  start();
  auto id = port.give(R"({"command":"status"})");
  settle();
  for (std::uint32_t i = 0; i < control::max_attempts; ++i) {
    EXPECT_FALSE(port.answers.contains(id));
    kill(actor);
    start();
  }
  EXPECT_EQ(port.answers[id],
            R"({"ok":false,"error":"the agent has failed at this request"})");
}

TEST_F(controls, a_status_waits_for_a_health_monitor_and_for_the_next_one) {
  auto document = health_report{"ready", "{}"};
  peers.health_monitor = nullptr;
  start();
  auto first = port.give(R"({"command":"status"})");
  settle();
  EXPECT_FALSE(port.answers.contains(first));
  monitor = make_probe(&peers_changed::health_monitor);
  monitor.fall_silent();
  introduce(actor);
  EXPECT_EQ(monitor.count<get_health>(), 1u);
  kill(monitor.handle()); // with the question
  EXPECT_FALSE(port.answers.contains(first));
  monitor = make_probe(&peers_changed::health_monitor);
  monitor.answer(document);
  introduce(actor);
  EXPECT_EQ(port.answers[first], R"({"ok":true,"status":{}})");
}

TEST_F(controls, it_answers_the_health_monitor) {
  start();
  monitor.fall_silent();
  port.give(R"({"command":"status"})");
  settle();
  EXPECT_EQ(ask<control_status>(actor, get_control_status{})->connections, 1u);
}

TEST_F(controls, a_time_to_stop_must_not_be_negative) {
  EXPECT_EQ(control_config{}.validate(), "");
  EXPECT_NE(control_config{-1ms}.validate(), "");
}

} // namespace container_agent::test
