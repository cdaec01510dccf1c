#pragma once

#include "main/loop/event_loop.hpp"

#include <boost/asio/basic_signal_set.hpp>

#include <functional>

namespace container_agent::runtime {

/// The handlers, called from the event loop, any number of times.
struct signal_handlers {
  std::function<void(int signal)> on_terminate; ///< SIGTERM, SIGINT, SIGQUIT
  std::function<void()> on_hangup;              ///< SIGHUP
  std::function<void()> on_dump;                ///< SIGUSR1
  /// SIGUSR2, SIGWINCH, SIGCONT: meant for the child.
  std::function<void(int signal)> on_forward;
};

/// Turns the signals of the process into calls on the loop while it exists.
/// Signals that were inherited as blocked or ignored count too. At most one
/// object of this class at a time.
///
/// The signals that stop a process at a terminal (SIGTSTP, SIGTTIN, SIGTTOU)
/// are ignored from then on, because a stopped agent would stop the host.
///
/// (SIGPIPE is ignored by `prepare_process`. The end of a child is learnt by a
/// pidfd, that of an orphan by `orphan_reaper`.)
class signals {
public:
  signals(event_loop& loop, signal_handlers handlers);
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;
  ~signals();

private:
  void wait();
  void handle(int signal);

  boost::asio::basic_signal_set<boost::asio::io_context::executor_type> set_;
  signal_handlers handlers_;
};

} // namespace container_agent::runtime
