#pragma once

#include "actors/core/ports.hpp"

#include <sys/types.h>

namespace container_agent::runtime {

/// What the reaper of orphans has to know of a child that somebody else reaps.
class managed_child {
public:
  virtual ~managed_child() = default;

  /// The process whose end is not the reaper's to take; 0 if there is none.
  virtual pid_t pid_to_spare() const = 0;

  /// Called when that process was reaped, before `child_process::on_exit`'s.
  virtual void on_reaped(notification notify) = 0;
};

} // namespace container_agent::runtime
