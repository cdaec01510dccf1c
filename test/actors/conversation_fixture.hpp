#pragma once

#include "actors/session/conversation.hpp"

#include "test/support/actor_fixture.hpp"

#include <stdexcept>

namespace container_agent::test {

using stall_kind = session::stall_watch::kind;

/// A protocol that does next to nothing: the actor is what is tested. All of
/// the input is dealt with at once, and all that is said may be shown.
class plain_session : public session {
public:
  using session::session;
  using session::speak_of;

  void on_input_grew(const input_grew& news) override {
    is_finished = is_finished || news.ended;
  }
  void read_input() override {
    if (throws)
      throw std::runtime_error{"a defect"};
    if (!holds_input)
      input_read = logs_.input.end();
  }
  bool may_read_input() const override { return !holds_input; }
  input_window input_standing() const override {
    return {input_read, input_read + small_window, half};
  }
  void on_child_started(const child_started& child) override {
    runs = true;
    generation = child.generation;
  }
  void on_child_ended(const child_ended&) override { runs = false; }
  void read_events() override { output_read = logs_.events.end(); }
  std::uint64_t heard() const override { return output_read; }
  std::uint64_t output_limit() const override {
    return output_read + output_window;
  }
  std::uint64_t shown_to() const override { return logs_.shown().end(); }
  launch_child launch_plan() const override {
    return {"s1", false, logs_.to_child.end()};
  }
  bool wants_child() const override { return wants; }
  bool child_runs() const override { return runs; }
  void release() override { ++times_released; }
  void on_restart_scheduled(const restart_scheduled& plan) override {
    taken += plan.reason;
  }
  void on_restarts_exhausted(const restarts_exhausted& end) override {
    taken += end.reason;
  }
  void on_begin_drain(const begin_drain&) override { is_drained = true; }
  void close() override {
    is_closed = true;
    logs_.events.append(last_words);
  }
  void on_interrupt_turn(const interrupt_turn&) override {
    taken += "interrupt";
  }
  void on_restart_claude(const restart_claude& wish) override {
    taken += wish.reason;
  }
  const renew_child* renewal() const override {
    return renewing.reason.empty() ? nullptr : &renewing;
  }
  stall_watch watched() const override { return waiting; }
  void on_stall() override {
    ++times_overdue;
    waiting = after_overdue;
  }
  bool drained() const override { return is_drained; }
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

  /// Claude shall get a line of this prompt.
  void give(std::string_view line, trace_id prompt = {}) {
    logs_.to_child.append(line);
    child_marks_.push_back({logs_.to_child.end(), prompt});
  }

  /// The host shall see a line of this prompt.
  void show(std::string_view line, trace_id prompt = {}) {
    speak_of(prompt);
    logs_.events.append(line);
  }

  std::uint64_t to_child_gone() const { return to_child_gone_; }
  std::uint64_t shown_gone() const { return shown_gone_; }

  renew_child renewing;
  stall_watch waiting;
  stall_watch after_overdue;
  int times_overdue = 0;
  int times_released = 0;
  std::string taken;
  std::string answered;
  std::string last_words;
  std::size_t status_asked = 0;
  std::uint64_t input_read = 0;
  std::uint64_t output_read = 0;
  std::uint64_t generation = 0;
  std::uint64_t turn_number = 0;
  std::optional<time_point> alarm;
  std::vector<time_point> passed;
  bool half = false;
  bool holds_input = false;
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
  memory_log host_input;
  memory_log to_child;
  memory_log said;
  plain_session protocol{{host_input, to_child, said}};
  probe<pipe_input_actor> input = make_probe(&peers_changed::pipe_input);
  probe<claude_process_actor> claude
    = make_probe(&peers_changed::claude_process);
  probe<pipe_output_actor> output = make_probe(&peers_changed::pipe_output);
  probe<health_monitor_actor> health
    = make_probe(&peers_changed::health_monitor);
  probe<shutdown_coordinator_actor> shutdown
    = make_probe(&peers_changed::shutdown_coordinator);
  conversation_config settings;
  conversation_actor subject;

  void start() {
    subject
      = spawn<conversation>(std::ref<session>(protocol), settings, context);
    introduce(subject);
  }

  template <class Message>
  void happen(Message message) {
    tell(subject, std::move(message));
    settle();
  }

  /// Something that changes nothing.
  void look() { happen(child_output_grew{}); }

  /// The host says this.
  void host_says(std::string_view text) {
    host_input.put(text);
    happen(input_grew{host_input.end()});
  }

  /// Claude says this.
  void claude_says(std::string_view text) {
    said.put(text);
    happen(child_output_grew{said.end()});
  }

  static child_ended end_of_child() {
    child_ended end;
    end.generation = 1;
    end.asked = true;
    return end;
  }
};

} // namespace container_agent::test
