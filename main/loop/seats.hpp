#pragma once

#include <cstddef>
#include <memory>

namespace container_agent::runtime {

/// Limits the connections of one way in. Each connection holds a seat, which is
/// passed on with it, and becomes free when it is released.
class seats {
public:
  static constexpr std::size_t max = 16;

  using seat = std::shared_ptr<const void>;

  /// Null if no seat is free.
  seat take() const { return taken() < max ? all_ : nullptr; }

  std::size_t taken() const {
    return static_cast<std::size_t>(all_.use_count()) - 1;
  }

private:
  seat all_ = std::make_shared<const char>('\0');
};

} // namespace container_agent::runtime
