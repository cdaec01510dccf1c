#pragma once

#include <cstdint>

namespace container_agent {

/// Counts the results that Claude owes a host that speaks its whole protocol
/// (`--transparent`). An Agent SDK waits for them without a time limit, so when
/// Claude dies an error result is given in their place. Pure.
class transparent_debts {
public:
  /// A prompt was sent to Claude.
  void prompt() { ++prompts_; }

  /// A `result` has come that names so many prompts; of those that had no uuid
  /// it names none. What it leaves is rather too much than too little: an SDK
  /// that is told of a death too often ends, one that is told too seldom hangs.
  void result(std::uint64_t named) {
    auto ended = named > 0 ? named : 1;
    prompts_ -= ended < prompts_ ? ended : prompts_;
  }

  bool awaits_result() const { return prompts_ > 0; }

private:
  std::uint64_t prompts_ = 0;
};

} // namespace container_agent
