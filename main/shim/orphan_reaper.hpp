#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/shim/managed_child.hpp"

#include <boost/asio/basic_signal_set.hpp>

namespace container_agent::runtime {

/// Reaps what has lost its parent and became ours, as process 1 must and a
/// subreaper wants to: what other programs in the container leave behind (what
/// comes of the child itself is its guard's). Wakes up on SIGCHLD only.
///
/// Makes this process a subreaper. The managed child, or its guard, is left to
/// whoever has started it.
class orphan_reaper {
public:
  /// All of them must outlive the reaper. At most one at a time.
  orphan_reaper(event_loop& loop, event_log& log, managed_child& managed);
  orphan_reaper(const orphan_reaper&) = delete;
  orphan_reaper& operator=(const orphan_reaper&) = delete;
  ~orphan_reaper();

  /// For the end of the agent: kills and reaps all that is left. Waits for at
  /// most a second, for what sleeps uninterruptibly.
  void finish();

private:
  void wait();
  void reap();
  void report(pid_t pid, int status);

  event_log& log_;
  managed_child& managed_;
  boost::asio::basic_signal_set<boost::asio::io_context::executor_type> set_;
};

} // namespace container_agent::runtime
