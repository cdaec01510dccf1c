#pragma once

#include "actors/conversation.hpp"

#include "test/support/actor_fixture.hpp"

#include <stdexcept>

namespace container_agent::test {

/// A protocol that does next to nothing: the actor is what is tested.
class plain_bridge : public bridge {
public:
  void take(const host_line& line) override {
    if (throws)
      throw std::runtime_error{"a defect"};
    taken += line.text.view();
  }
  void take(const host_input_ended&) override { is_finished = true; }
  std::uint64_t input_credit() const override { return 3; }
  void take(const child_started& child) override {
    runs = true;
    generation = child.generation;
  }
  void take(const child_output& output) override {
    taken += output.data.view();
  }
  void take(const child_ended&) override { runs = false; }
  std::uint64_t output_credit() const override { return 2; }
  launch_child launch_plan() const override {
    return {"s1", false, to_child.next_sequence()};
  }
  bool wants_child() const override { return wants; }
  bool child_runs() const override { return runs; }
  void take(const restart_scheduled& plan) override { taken += plan.reason; }
  void take(const restarts_exhausted& end) override { taken += end.reason; }
  void take(const begin_drain&) override { is_drained = true; }
  void close() override { is_closed = true; }
  void take(const interrupt_turn&) override { taken += "interrupt"; }
  void take(const restart_claude& wish) override { taken += wish.reason; }
  const renew_child* renewal() const override {
    return renewing.reason.empty() ? nullptr : &renewing;
  }
  patience waits_for() const override { return waiting; }
  void overdue() override {
    ++times_overdue;
    waiting = after_overdue;
  }
  bool drained() const override { return is_drained; }
  bool ending() const override { return is_drained || is_finished; }
  bool finished() const override { return is_finished; }
  conversation_status status() const override {
    conversation_status s;
    s.lines = 42;
    return s;
  }
  std::uint64_t turn() const override { return turn_number; }
  bool wants_time() const override { return unstamped; }
  void pass(time_point now) override {
    passed.push_back(now);
    unstamped = false;
    if (alarm && now >= *alarm)
      alarm.reset();
  }
  std::optional<time_point> due() const override { return alarm; }
  std::vector<open_request> requests(time_point) const override {
    return {{"q1", "can_use_tool", "Bash", "", {}}};
  }
  interrupt_outcome interrupt_on_request() override {
    return {true, "interrupted"};
  }
  std::size_t status_requests() const override { return status_asked; }
  void answer_status(std::string_view document) override {
    status_asked = 0;
    answered = document;
  }

  renew_child renewing;
  patience waiting;
  patience after_overdue;
  int times_overdue = 0;
  std::string taken;
  std::string answered;
  std::size_t status_asked = 0;
  std::uint64_t generation = 0;
  std::uint64_t turn_number = 0;
  std::optional<time_point> alarm;
  std::vector<time_point> passed;
  bool unstamped = false;
  bool throws = false;
  bool wants = true;
  bool runs = false;
  bool is_drained = false;
  bool is_closed = false;
  bool is_finished = false;
};

class conversations : public actor_fixture {
public:
  plain_bridge protocol;
  probe<pipe_input_actor> input = make_probe(&peers_changed::pipe_input);
  probe<claude_process_actor> claude
    = make_probe(&peers_changed::claude_process);
  probe<pipe_output_actor> output = make_probe(&peers_changed::pipe_output);
  probe<health_monitor_actor> health
    = make_probe(&peers_changed::health_monitor);
  probe<shutdown_coordinator_actor> shutdown
    = make_probe(&peers_changed::shutdown_coordinator);
  conversation_config settings;
  conversation_actor talk;

  void start() {
    talk = spawn<conversation>(std::ref<bridge>(protocol), settings, context);
    introduce(talk);
  }

  template <class Message>
  void happen(Message message) {
    tell(talk, std::move(message));
    settle();
  }

  static host_line line(std::uint64_t sequence, const char* text) {
    return {sequence, sequence, bytes{text}, line_ending::complete, 1};
  }
};

} // namespace container_agent::test
