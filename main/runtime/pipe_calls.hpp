#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// The calls that a kept Claude's bytes are moved with, as the kernel has them:
/// what they return and `errno` are the kernel's. A seam for the simulation,
/// where an agent is killed before or after each.
class pipe_calls {
public:
  virtual ~pipe_calls() = default;

  virtual ssize_t write(int to, std::string_view text);
  virtual ssize_t read(int from, std::span<char> buffer);

  /// splice(2) from one pipe into another, without waiting.
  virtual ssize_t splice(int from, int to, std::size_t size);

  /// What can be read, at most `size` bytes, without taking it out: tee(2) into
  /// another pipe. Less if that can't be done.
  virtual std::string look(int from, std::size_t size);

  virtual std::size_t unread(int pipe);
  virtual std::size_t capacity(int pipe);
};

} // namespace container_agent::runtime
