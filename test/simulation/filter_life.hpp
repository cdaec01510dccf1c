#pragma once

#include "test/simulation/byte_ledger.hpp"
#include "test/simulation/child_life.hpp"

#include <cstdint>
#include <string>

namespace container_agent::simulation {

/// One process of a program for `--mode raw`: as cat(1), it writes what it
/// reads, until its fate says otherwise.
class filter_life : public child_life {
public:
  /// What the agent writes to it goes to `to_child`, what it writes to
  /// `to_host`.
  filter_life(run_context& run, byte_ledger& to_child, byte_ledger& to_host,
              const claude_plan& plan, child_pipes pipes);

  /// It has nothing to do.
  bool idle() const {
    return dead_
           || (unsaid_.empty()
               && (input_closed_ || pipes_.input.available() == 0));
  }

  /// It does not read any more.
  bool deaf() const { return !dead_ && (fate_.deaf || input_closed_); }

protected:
  void dying() override {}
  void closing_input() override {}

private:
  void given(std::string_view data, bool open);
  void read_input();
  void pump();
  void account(std::string_view piece);
  void end_if_told();

  byte_ledger& to_child_;
  byte_ledger& to_host_;
  std::string unsaid_;
  bool output_closed_ = false;
  bool reading_ = false;
  bool pumping_ = false;
  bool ending_ = false;
  std::uint64_t read_ = 0;
  std::uint64_t written_ = 0;
};

} // namespace container_agent::simulation
