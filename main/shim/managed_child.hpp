#pragma once

#include "actors/core/ports.hpp"

#include <sys/types.h>

namespace container_agent::runtime {

/// What the reaper of orphans must know about a child that another object
/// reaps.
class managed_child {
public:
  virtual ~managed_child() = default;

  /// The process that the reaper must not reap; 0 if there is none.
  virtual pid_t pid_to_spare() const = 0;

  /// Called when that process was reaped, before `child_process::on_exit`'s.
  virtual void on_reaped(notification notify) = 0;
};

} // namespace container_agent::runtime
