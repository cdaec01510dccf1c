#pragma once

#include <cstddef>
#include <memory>

namespace container_agent::runtime {

/// Limits the connections of one way in. Each connection holds a slot, which is
/// passed on with it, and becomes free when it is released.
class connection_limit {
public:
  static constexpr std::size_t max = 16;

  using slot = std::shared_ptr<const void>;

  /// Null if no slot is free.
  slot acquire() const { return taken() < max ? all_ : nullptr; }

  std::size_t taken() const {
    return static_cast<std::size_t>(all_.use_count()) - 1;
  }

private:
  slot all_ = std::make_shared<const char>('\0');
};

} // namespace container_agent::runtime
