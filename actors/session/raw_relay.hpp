#pragma once

#include "actors/core/ports.hpp"
#include "actors/session/session.hpp"

namespace container_agent {

/// `--mode raw`: relays bytes from host to child and back unchanged. The input
/// log is the child's stdin, and the host gets the child's output log, so the
/// relay only tells both ends how far to go. There are no turns and no records;
/// the log reports what happens.
class raw_relay : public session {
public:
  /// `logs.to_child` is `logs.input`.
  raw_relay(conversation_logs logs, actor_context context);

  void on_input_grew(const input_grew& news) override;
  void read_input() override {}
  bool may_read_input() const override;
  input_window input_standing() const override;

  void on_child_started(const child_started& child) override;
  void on_child_ended(const child_ended& end) override;
  void read_events() override {}
  std::uint64_t output_limit() const override;
  launch_child launch_plan() const override;
  bool wants_child() const override { return !draining_; }
  bool child_runs() const override { return runs_; }
  std::uint64_t shown_to() const override { return logs_.events.end(); }

  void release() override {
    logs_.input.release(to_child_gone_);
    logs_.events.release(shown_gone_);
  }

  void on_restart_scheduled(const restart_scheduled& plan) override;
  void on_restarts_exhausted(const restarts_exhausted& end) override;
  void on_begin_drain(const begin_drain& drain) override;
  void on_interrupt_turn(const interrupt_turn&) override {}
  void on_restart_claude(const restart_claude& wish) override;
  const renew_child* renewal() const override {
    return runs_ && !renewal_.reason.empty() ? &renewal_ : nullptr;
  }
  stall_watch watched() const override { return {}; }
  void on_stall() override {}
  void close() override {}
  bool drained() const override;
  bool finished() const override;

  conversation_status status() const override;
  std::size_t status_requests() const override { return 0; }
  void answer_status(std::string_view) override {}

  /// 256 KiB each way: enough to keep both sides busy.
  static constexpr std::uint64_t window = 256 * 1024;

private:
  actor_context context_;
  child_started started_;
  std::uint64_t ended_ = 0; // the last generation that ended
  renew_child renewal_;
  bool runs_ = false;
  bool draining_ = false;
  bool input_ended_ = false;
  bool gave_up_ = false;
};

} // namespace container_agent
