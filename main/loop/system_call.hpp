#pragma once

#include <cerrno>

namespace container_agent::runtime {

/// Repeats a system call while a signal interrupts it.
template <class Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

} // namespace container_agent::runtime
