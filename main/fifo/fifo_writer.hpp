#pragma once

#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"

#include <functional>
#include <memory>
#include <system_error>

namespace container_agent::runtime {

/// A FIFO that is open for writing, and what can be waited for there. It can
/// be opened again and again; a wait ends, without a call, when it is closed.
class fifo_writer {
public:
  using handler = std::function<void(std::error_code)>;

  explicit fifo_writer(event_loop& loop);
  fifo_writer(const fifo_writer&) = delete;
  fifo_writer& operator=(const fifo_writer&) = delete;
  ~fifo_writer();

  /// In place of what was open. Non-blocking, for writing only.
  std::error_code open(unique_fd descriptor);

  void close();

  /// The descriptor, or -1.
  int get() const;

  /// Calls once, from the loop, when something can be written or nobody reads
  /// any more. Without effect while such a wait is under way.
  void when_room(handler on_room);

  /// Calls once, from the loop, when nobody reads any more. Likewise.
  void when_abandoned(handler on_abandoned);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
