#pragma once

#include "test/simulation/child_life.hpp"
#include "test/simulation/lifeline.hpp"
#include "test/simulation/log_ports.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::simulation {

/// The child's three pipes.
struct child_ports {
  child_ports(run_context& run, const claude_plan& plan)
    : input{run, plan.input},
      output{run, plan.output},
      errors{run, plan.output} {}

  child_pipes far_ends() { return {input, output, errors}; }

  pipe input;
  pipe output;
  pipe errors;
};

/// The child and what stands around it: one process after the other. All of it
/// may outlive an agent, as with a shim that holds it, or end with it.
class child_house {
public:
  using maker = std::function<std::unique_ptr<child_life>(
    const child_command& command, const claude_plan& plan, child_ports& ports)>;

  child_house(run_context& run, claude_plan plan, maker make)
    : run_{run},
      dice_{run.dice.branch()},
      plan_{plan},
      make_{std::move(make)} {}

  /// Children started from now on have no faults.
  void behave() { plan_ = plan_.harmless(); }

  /// Starts one, unless that fails.
  bool start(const child_command& command, std::uint64_t input_from);

  /// Everything ends with the agent.
  void end_all();

  /// One is there that an agent has left, perhaps dead.
  bool holds_one() const { return held_; }

  bool running() const { return !lives_.empty() && lives_.back()->running(); }
  child_exit status() const { return lives_.back()->status(); }
  void signal(int number);
  std::int32_t pid() const {
    return lives_.empty()
             ? 0
             : first_pid + static_cast<std::int32_t>(lives_.size());
  }
  std::size_t launches() const { return lives_.size(); }
  child_ports& ports() { return *ports_.back(); }

  /// The position of its stdin in the log.
  std::uint64_t& input_position() { return input_position_; }

  /// Called when it has ended; by the agent that is there.
  agenda::event on_exit;

  /// Called with what it has written and nobody will read any more.
  std::function<void(std::string_view unread)> on_lost;

  static constexpr std::int32_t first_pid = 1000;

private:
  void drop_pipes();

  run_context& run_;
  chance dice_;
  claude_plan plan_;
  maker make_;
  bool held_ = false;
  std::uint64_t input_position_ = 0;
  // Old ones stay: the world may still have something to do for them.
  std::vector<std::unique_ptr<child_ports>> ports_;
  std::vector<std::unique_ptr<child_life>> lives_;
};

/// The child, as an agent sees it.
class simulated_child final : public child_process {
public:
  simulated_child(run_context& run, lifeline& life, child_house& house,
                  simulated_log& input, simulated_log& output);

  bool found() const { return found_; }

  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;
  bool running() const override { return runs_; }
  std::int32_t pid() const override { return house_.pid(); }
  child_exit exit_status() const override { return house_.status(); }
  outlet& input() override { return input_; }
  inlet& output() override { return output_; }
  byte_source& error_output() override { return errors_; }
  void close_input() override { input_.mover.close_when_gone(); }
  std::error_code signal_group(int number) override;
  void on_exit(notification notify) override { notify_ = std::move(notify); }

private:
  void end();

  run_context& run_;
  lifeline& life_;
  child_house& house_;
  simulated_outlet input_;
  simulated_inlet output_;
  simulated_source errors_;
  bool found_;
  bool takes_over_;
  bool runs_ = false;
  notification notify_;
};

} // namespace container_agent::simulation
