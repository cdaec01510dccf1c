#pragma once

#include "actors/core/ports.hpp"

#include <random>

namespace container_agent::runtime {

/// The system's own time of day.
class system_wall_clock final : public wall_clock {
public:
  std::chrono::system_clock::time_point now() const override;
};

/// Seeded by the system, so that no two agents draw the same uuids. Must not be
/// used for secrets.
class system_random_source final : public random_source {
public:
  system_random_source();
  std::uint64_t next() override;

private:
  std::mt19937_64 engine_;
};

} // namespace container_agent::runtime
