#pragma once

#include "test/conformance/player.hpp"
#include "test/conformance/scenario.hpp"

#include <string>
#include <vector>

namespace container_agent::test::conformance {

/// What came of playing a scenario.
struct outcome {
  std::vector<std::string> shapes; ///< Of all lines, starts and ends.
  std::string failure;             ///< Why it went no further; empty if it did.
};

/// Plays a scenario to a Claude, step by step.
outcome play(const scenario& what, claude_player& claude);

} // namespace container_agent::test::conformance
