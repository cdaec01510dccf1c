#pragma once

#include <cstdint>

namespace container_agent {

/// What is known about a child's end.
enum class exit_kind : std::uint8_t {
  known,    ///< its exit code or signal
  unknown,  ///< only that it has ended: it was not our child
  detached, ///< it has not ended; the agent has let go of it
};

} // namespace container_agent
