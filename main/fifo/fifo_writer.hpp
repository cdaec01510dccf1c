#pragma once

#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"

#include <functional>
#include <memory>
#include <system_error>

namespace container_agent::runtime {

/// A FIFO that is open for writing, and the waits on it. It can be opened
/// again. Closing it ends a wait without a call.
class fifo_writer {
public:
  using handler = std::function<void(std::error_code)>;

  explicit fifo_writer(event_loop& loop);
  fifo_writer(const fifo_writer&) = delete;
  fifo_writer& operator=(const fifo_writer&) = delete;
  ~fifo_writer();

  /// Replaces an open descriptor. Must be non-blocking and for writing only.
  std::error_code open(unique_fd descriptor);

  void close();

  /// The descriptor, or -1.
  int get() const;

  /// Calls once, from the loop, when something can be written or the last
  /// reader has left. No effect while such a wait is under way.
  void when_room(handler on_room);

  /// Calls once, from the loop, when the last reader has left. Likewise.
  void when_abandoned(handler on_abandoned);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
