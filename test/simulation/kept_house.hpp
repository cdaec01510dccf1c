#pragma once

#include "test/simulation/claude_life.hpp"
#include "test/simulation/kept_ports.hpp"

#include <memory>
#include <string>
#include <vector>

namespace container_agent::simulation {

/// What outlives the agents of `--keep-claude`, beside the host's FIFOs: Claude
/// and its FIFOs, and the files of the directory.
class kept_house {
public:
  kept_house(run_context& run, judge& bench, const claude_plan& plan);
  ~kept_house();

  kernel_fifo input;
  kernel_fifo output;
  kernel_fifo errors;
  simulated_spool spool;
  std::string journal;

  /// The file that `move_note` maps; and what of it is kept when an agent dies:
  /// what that one still stores is lost.
  const std::string& note_path() const { return note_path_; }
  void keep_note();
  void restore_note() const;

  // -- Claude -----------------------------------------------------------------

  /// Starts one. False if that fails.
  bool start(const child_command& command);
  void signal(int number);

  bool running() const { return life() && life()->running(); }
  std::int32_t pid() const;
  child_exit status() const { return life()->status(); }
  claude_life* life() const {
    return lives_.empty() ? nullptr : lives_.back().get();
  }
  std::size_t launches() const { return lives_.size(); }

  /// Called when it has ended.
  agenda::event on_exit;

  /// From now on it has no faults.
  void behave();

private:
  run_context& run_;
  chance dice_;
  judge& judge_;
  claude_plan plan_;
  claude_sessions sessions_;
  std::string note_path_;
  std::string note_;
  std::vector<std::unique_ptr<claude_life>> lives_;
};

} // namespace container_agent::simulation
