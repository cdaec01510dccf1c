#pragma once

#include <cstddef>
#include <memory>

namespace container_agent::runtime {

/// How many may be connected by one way in. Each connection has a seat, which
/// goes with it to whoever serves it, and is free again once it is let go of.
class seats {
public:
  static constexpr std::size_t max = 16;

  using seat = std::shared_ptr<const void>;

  /// Null if all are taken.
  seat take() const { return taken() < max ? all_ : nullptr; }

  std::size_t taken() const {
    return static_cast<std::size_t>(all_.use_count()) - 1;
  }

private:
  seat all_ = std::make_shared<const char>('\0');
};

} // namespace container_agent::runtime
