#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"

#include <functional>
#include <memory>

namespace container_agent::runtime {

/// Accepts connections at a listening socket, one at a time. When descriptors
/// or memory run out, it logs that and tries again after a pause.
class acceptor {
public:
  using handler = std::function<void(unique_fd connected)>;

  acceptor(event_loop& loop, event_log& log, unique_fd listener,
           handler on_connection);
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;
  ~acceptor();

  /// Accepts no more connections.
  void close();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
