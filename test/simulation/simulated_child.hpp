#pragma once

#include "test/simulation/child_life.hpp"

#include <memory>
#include <vector>

namespace container_agent::simulation {

/// The child, as the agent sees it: one process after the other.
template <class Life>
class simulated_child : public child_process {
public:
  simulated_child(run_context& run, claude_plan plan)
    : run_{run}, dice_{run.dice.branch()}, plan_{plan} {}

  /// Whoever is started from now on has no faults.
  void behave() { plan_ = plan_.harmless(); }

  /// The one that runs, or ran last; null if there was none.
  Life* life() { return lives_.empty() ? nullptr : lives_.back().get(); }
  const Life* life() const {
    return lives_.empty() ? nullptr : lives_.back().get();
  }

  std::size_t launches() const { return lives_.size(); }

  launch_result launch(const child_command& command) override {
    run_.faults.at_port("launch");
    if (running())
      run_.violate("a second Claude is started while one runs");
    if (dice_.one_in(plan_.exec_failure))
      return {0, std::make_error_code(std::errc::no_such_file_or_directory),
              "cannot run \"claude\": it is not there"};
    if (!ports_.empty()) { // its pipes are closed for the new one's
      ports_.back()->output.close();
      ports_.back()->errors.close();
    }
    ports_.push_back(std::make_unique<child_ports>(run_, plan_));
    lives_.push_back(make(command, plan_, *ports_.back()));
    lives_.back()->on_reaped = [this] {
      if (notify_)
        notify_();
    };
    return {pid(), {}, {}};
  }

  bool running() const override { return life() && life()->running(); }
  std::int32_t pid() const override {
    return lives_.empty()
             ? 0
             : first_pid + static_cast<std::int32_t>(lives_.size());
  }
  child_exit exit_status() const override { return life()->status(); }
  byte_sink& input() override { return ports_.back()->input; }
  byte_source& output() override { return ports_.back()->output; }
  byte_source& error_output() override { return ports_.back()->errors; }
  void close_input() override { ports_.back()->input.pipe.close(); }
  void on_exit(notification notify) override { notify_ = std::move(notify); }

  std::error_code signal_group(int number) override {
    run_.tell("Claude",
              [&] { return "gets signal " + std::to_string(number); });
    if (!lives_.empty())
      lives_.back()->signal(number);
    return {};
  }

  static constexpr std::int32_t first_pid = 1000;

protected:
  virtual std::unique_ptr<Life> make(const child_command& command,
                                     const claude_plan& plan,
                                     child_ports& ports)
    = 0;

  run_context& run_;

private:
  chance dice_;
  claude_plan plan_;
  // Old ones stay: the world may still have something to do for them.
  std::vector<std::unique_ptr<child_ports>> ports_;
  std::vector<std::unique_ptr<Life>> lives_;
  notification notify_;
};

} // namespace container_agent::simulation
