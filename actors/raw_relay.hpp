#pragma once

#include "actors/bridge.hpp"
#include "actors/ports.hpp"

namespace container_agent {

/// `--mode raw`: bytes from host to child and back, as they are. There are no
/// turns and no records; the log tells what happens.
class raw_relay : public bridge {
public:
  explicit raw_relay(actor_context context) : context_{context} {}

  void take(const host_line& piece) override;
  void take(const host_input_ended& end) override;
  std::uint64_t input_credit() const override;

  void take(const child_started& child) override;
  void take(const child_output& output) override;
  void take(const child_ended& end) override;
  std::uint64_t output_credit() const override;
  launch_child launch_plan() const override;
  bool wants_child() const override { return !draining_; }
  bool child_runs() const override { return runs_; }

  void take(const restart_scheduled& plan) override;
  void take(const restarts_exhausted& end) override;
  void take(const begin_drain& drain) override;
  void take(const interrupt_turn&) override {}
  void take(const restart_claude& wish) override;
  const renew_child* renewal() const override {
    return runs_ && !renewal_.reason.empty() ? &renewal_ : nullptr;
  }
  patience waits_for() const override { return {}; }
  void overdue() override {}
  void close() override {}
  bool drained() const override;
  bool ending() const override { return input_ended_ || draining_; }
  bool finished() const override { return input_ended_ && to_child.empty(); }

  conversation_status status() const override;
  std::size_t status_requests() const override { return 0; }
  void answer_status(std::string_view) override {}

  /// Pieces that may be on their way to the child. With those read beyond what
  /// its pipe takes, others leave the processor's cache before they are written
  /// (docs/performance.md).
  static constexpr std::size_t max_unsent_pieces = 4;

private:
  actor_context context_;
  child_started started_;
  renew_child renewal_;
  bool runs_ = false;
  bool draining_ = false;
  bool input_ended_ = false;
  bool gave_up_ = false;
  std::uint64_t pieces_ = 0;
};

} // namespace container_agent
