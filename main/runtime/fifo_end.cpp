#include "main/runtime/fifo_end.hpp"

#include "actors/ports.hpp"
#include "main/runtime/fd.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace container_agent::runtime {

std::size_t unread_bytes(int descriptor) {
  int count = 0;
  return ::ioctl(descriptor, FIONREAD, &count) == 0
           ? static_cast<std::size_t>(std::max(count, 0))
           : 0;
}

std::size_t fifo_capacity(int descriptor) {
  auto size = ::fcntl(descriptor, F_GETPIPE_SZ);
  return size > 0 ? static_cast<std::size_t>(size) : read_size;
}

bool has_reader(int descriptor) {
  // To a writer without readers Linux shows an error condition.
  pollfd entry{descriptor, 0, 0};
  return ::poll(&entry, 1, 0) <= 0 || (entry.revents & POLLERR) == 0;
}

std::string fifo_name(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string read_all(int descriptor) {
  std::string result;
  for (;;) {
    auto known = result.size();
    result.resize(known + std::max<std::size_t>(unread_bytes(descriptor), 1));
    auto count
      = ::read(descriptor, result.data() + known, result.size() - known);
    auto interrupted = count < 0 && errno == EINTR;
    result.resize(known
                  + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count <= 0 && !interrupted)
      return result;
  }
}

std::string look_at_all(int descriptor) {
  return look_at(descriptor, INT_MAX);
}

std::string look_at(int descriptor, std::size_t size) {
  auto copy = make_pipe(O_NONBLOCK);
  if (!copy)
    return {};
  if (size > read_size)
    ::fcntl(copy.writer.get(), F_SETPIPE_SZ,
            static_cast<int>(fifo_capacity(descriptor)));
  if (::tee(descriptor, copy.writer.get(), size, SPLICE_F_NONBLOCK) <= 0)
    return {};
  return read_all(copy.reader.get());
}

} // namespace container_agent::runtime
