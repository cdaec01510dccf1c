#pragma once

#include "main/loop/event_loop.hpp"

#include <boost/asio/basic_signal_set.hpp>

#include <functional>

namespace container_agent::runtime {

/// Whom to tell. Called from the event loop, any number of times.
struct signal_handlers {
  std::function<void(int signal)> on_terminate; ///< SIGTERM, SIGINT, SIGQUIT
  std::function<void()> on_hangup;              ///< SIGHUP
  std::function<void()> on_dump;                ///< SIGUSR1
  /// SIGUSR2, SIGWINCH, SIGCONT: meant for the child.
  std::function<void(int signal)> on_forward;
};

/// Turns the signals of the process into calls on the loop, from its
/// construction to its destruction. A signal that was inherited as blocked or
/// ignored counts all the same. At most one object of this class at a time.
///
/// Those that stop a process at a terminal (SIGTSTP, SIGTTIN, SIGTTOU) are
/// ignored from then on: a stopped agent would stop the host.
///
/// (SIGPIPE is ignored by `prepare_process`; children end by a pidfd, orphans
/// by `orphan_reaper`.)
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
