#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

/// `errno` of the call before.
inline std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// Owns one file descriptor and closes it at the end of its life.
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

  /// Closes what it owns and takes `descriptor` instead.
  void reset(int descriptor = -1) noexcept {
    if (descriptor_ >= 0)
      ::close(descriptor_);
    descriptor_ = descriptor;
  }

  /// Gives the descriptor away, unclosed.
  [[nodiscard]] int release() noexcept {
    return std::exchange(descriptor_, -1);
  }

private:
  int descriptor_ = -1;
};

} // namespace container_agent::runtime
