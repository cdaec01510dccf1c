#include "test/conformance/player.hpp"

#include <stdexcept>

namespace container_agent::test::conformance {

std::unique_ptr<claude_player> simulated_claude() {
  throw std::runtime_error("not yet");
}

} // namespace container_agent::test::conformance
