#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

/// The error of the last call, from `errno`.
inline std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// Owns one file descriptor and closes it in its destructor.
class unique_fd {
public:
  unique_fd() noexcept = default;

  explicit unique_fd(int descriptor) noexcept : descriptor_{descriptor} {}

  unique_fd(unique_fd&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)} {}

  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other)
      reset(std::exchange(other.descriptor_, -1));
    return *this;
  }

  ~unique_fd() { reset(); }

  /// The descriptor, or -1 if there is none.
  int get() const noexcept { return descriptor_; }

  explicit operator bool() const noexcept { return descriptor_ >= 0; }

  /// Closes what it owns and takes ownership of `descriptor`.
  void reset(int descriptor = -1) noexcept {
    if (descriptor_ >= 0)
      ::close(descriptor_);
    descriptor_ = descriptor;
  }

  /// Gives the descriptor away without closing it.
  [[nodiscard]] int release() noexcept {
    return std::exchange(descriptor_, -1);
  }

private:
  int descriptor_ = -1;
};

/// The two ends of a pipe.
struct pipe_ends {
  unique_fd reader;
  unique_fd writer;

  explicit operator bool() const noexcept { return bool{reader}; }
};

/// A new pipe, closed on exec; `flags` are further flags of pipe2(2). On
/// failure both ends are empty and `errno` is set.
inline pipe_ends make_pipe(int flags = 0) noexcept {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), flags | O_CLOEXEC) != 0)
    return {};
  return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

} // namespace container_agent::runtime
