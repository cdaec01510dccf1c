#pragma once

#include <cstdlib>

namespace container_agent::test {

/// Whether everything is tested, however long it takes: `make test-all` says
/// so. What `make test` does less often, and why, stands in docs/testing.md.
inline bool all_tests() {
  return std::getenv("AGENT_ALL_TESTS") != nullptr;
}

} // namespace container_agent::test
