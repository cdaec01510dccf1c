#pragma once

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

namespace container_agent::test::fake {

inline volatile std::sig_atomic_t sigint_came = 0;
inline volatile std::sig_atomic_t sigterm_came = 0;

/// With a task in the background SIGTERM is no sudden end: it is told of first.
inline volatile std::sig_atomic_t task_runs = 0;

inline void on_sigint(int) {
  sigint_came = 1;
}

inline void on_sigterm(int) {
  if (task_runs == 0)
    ::_exit(143);
  sigterm_came = 1;
}

inline void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

/// Waits as poll(2) does; returns -1 also for a signal that came in the moment
/// before, of which poll(2) would not know.
template <std::size_t N>
int poll_or_signal(pollfd (&fds)[N]) {
  sigset_t ours;
  sigset_t before;
  ::sigemptyset(&ours);
  ::sigaddset(&ours, SIGINT);
  ::sigaddset(&ours, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &ours, &before);
  auto result = -1;
  if (sigint_came == 0 && sigterm_came == 0)
    result = ::ppoll(fds, N, nullptr, &before);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return result;
}

} // namespace container_agent::test::fake
