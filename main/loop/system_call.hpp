#pragma once

#include <cerrno>

namespace container_agent::runtime {

/// Makes a system call again for as long as a signal interrupts it.
template <class Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

} // namespace container_agent::runtime
