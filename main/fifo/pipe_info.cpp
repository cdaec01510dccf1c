#include "main/fifo/pipe_info.hpp"

#include "main/loop/system_call.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace container_agent::runtime {

std::size_t unread_bytes(int descriptor) {
  int count = 0;
  return ::ioctl(descriptor, FIONREAD, &count) == 0
           ? static_cast<std::size_t>(std::max(count, 0))
           : 0;
}

bool has_reader(int descriptor) {
  // Linux reports an error condition to a writer without readers.
  pollfd entry{descriptor, 0, 0};
  return ::poll(&entry, 1, 0) <= 0 || (entry.revents & POLLERR) == 0;
}

std::string fifo_name(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::size_t drain(int descriptor) {
  std::string taken(unread_bytes(descriptor), '\0');
  auto count = without_interruption(
    [&] { return ::read(descriptor, taken.data(), taken.size()); });
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

} // namespace container_agent::runtime
