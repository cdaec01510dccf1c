#pragma once

#include <chrono>
#include <cstdint>

namespace container_agent {

/// What the kernel knows of a process. Its descendants are not counted.
struct process_usage {
  std::int32_t pid = 0;
  std::uint64_t resident_bytes = 0;
  std::chrono::milliseconds cpu{0}; ///< used since its start, all threads
};

} // namespace container_agent
