#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/shim/managed_child.hpp"

#include <boost/asio/basic_signal_set.hpp>

namespace container_agent::runtime {

/// Reaps orphans that became children of this process, which is the duty of
/// process 1 and of a subreaper: those that other programs in the container
/// leave behind. (The shim reaps those of the managed child.) Wakes up on
/// SIGCHLD only.
///
/// Makes this process a subreaper. Never reaps the managed child or its shim;
/// the object that started them does.
class orphan_reaper {
public:
  /// All arguments must outlive the reaper. Only one at a time.
  orphan_reaper(event_loop& loop, event_log& log, managed_child& managed);
  orphan_reaper(const orphan_reaper&) = delete;
  orphan_reaper& operator=(const orphan_reaper&) = delete;
  ~orphan_reaper();

  /// For the end of the agent: kills and reaps everything that is left. Waits
  /// at most a second, for processes that sleep uninterruptibly.
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
