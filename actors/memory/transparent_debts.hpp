#pragma once

#include <cstdint>

namespace container_agent {

/// Counts the results that Claude owes a host that uses Claude's whole protocol
/// (`--transparent`). An Agent SDK waits for results without a time limit, so
/// if Claude dies, the agent gives an error result in their place. Pure.
class transparent_debts {
public:
  /// A prompt was sent to Claude.
  void prompt() { ++prompts_; }

  /// A `result` has come that names this many prompts. It does not name prompts
  /// without a uuid, so the count errs on the high side: an SDK that gets an
  /// error result too many ends, one that gets none hangs.
  void result(std::uint64_t named) {
    auto ended = named > 0 ? named : 1;
    prompts_ -= ended < prompts_ ? ended : prompts_;
  }

  bool awaits_result() const { return prompts_ > 0; }

private:
  std::uint64_t prompts_ = 0;
};

} // namespace container_agent
