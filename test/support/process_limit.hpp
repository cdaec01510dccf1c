#pragma once

#include <sys/resource.h>

#include <csignal>
#include <stdexcept>

namespace container_agent::test {

/// For its life, a lower limit of this process, see getrlimit(2).
class process_limit {
public:
  process_limit(__rlimit_resource_t what, rlim_t size) : what_{what} {
    if (::getrlimit(what, &before_) != 0)
      throw std::runtime_error{"no such limit"};
    const rlimit lower{size, before_.rlim_max};
    if (::setrlimit(what, &lower) != 0)
      throw std::runtime_error{"the limit can't be set"};
  }
  process_limit(const process_limit&) = delete;
  process_limit& operator=(const process_limit&) = delete;
  ~process_limit() { ::setrlimit(what_, &before_); }

private:
  __rlimit_resource_t what_;
  rlimit before_{};
};

/// As if the disk were full: no file of this process grows beyond `size` bytes.
/// A write(2) is cut there, the next one fails (EFBIG). Pipes are no files.
class full_disk {
public:
  explicit full_disk(rlim_t size)
    : handler_{std::signal(SIGXFSZ, SIG_IGN)}, limit_{RLIMIT_FSIZE, size} {}
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;
  ~full_disk() { std::signal(SIGXFSZ, handler_); }

private:
  void (*handler_)(int);
  process_limit limit_;
};

} // namespace container_agent::test
