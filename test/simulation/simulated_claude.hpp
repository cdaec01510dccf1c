#pragma once

#include "test/simulation/claude_life.hpp"

#include <memory>
#include <vector>

namespace container_agent::simulation {

/// The child: one simulated Claude after the other, over the same sessions.
class simulated_claude final : public child_process {
public:
  simulated_claude(run_context& run, judge& bench, claude_plan plan)
    : run_{run}, judge_{bench}, dice_{run.dice.branch()}, plan_{plan} {}

  /// Whoever is started from now on has no faults, and turns no longer stall.
  void behave() {
    plan_ = plan_.harmless();
    if (!lives_.empty())
      lives_.back()->behave();
  }

  /// The one that runs, or ran last; null if there was none.
  const claude_life* life() const {
    return lives_.empty() ? nullptr : lives_.back().get();
  }

  std::size_t launches() const { return lives_.size(); }

  launch_result launch(const child_command& command) override;
  bool running() const override { return life() && life()->running(); }
  std::int32_t pid() const override {
    return lives_.empty()
             ? 0
             : first_pid + static_cast<std::int32_t>(lives_.size());
  }
  child_exit exit_status() const override { return life()->status(); }
  byte_sink& input() override { return lives_.back()->input; }
  byte_source& output() override { return lives_.back()->output; }
  byte_source& error_output() override { return lives_.back()->errors; }
  void close_input() override { lives_.back()->input.pipe.close(); }
  std::error_code signal_group(int number) override;
  void on_exit(notification notify) override { notify_ = std::move(notify); }

  static constexpr std::int32_t first_pid = 1000;

private:
  run_context& run_;
  judge& judge_;
  chance dice_;
  claude_plan plan_;
  claude_sessions sessions_;
  // Old ones stay: the world may still have something to do for them.
  std::vector<std::unique_ptr<claude_life>> lives_;
  notification notify_;
};

} // namespace container_agent::simulation
