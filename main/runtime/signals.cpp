#include "main/runtime/signals.hpp"

#include <csignal>
#include <utility>

namespace container_agent::runtime {

signals::signals(event_loop& loop, signal_handlers handlers)
  : set_{loop.io(), SIGTERM, SIGINT, SIGHUP}, handlers_{std::move(handlers)} {
  sigset_t ours;
  ::sigemptyset(&ours);
  for (int signal : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&ours, signal);
  ::sigprocmask(SIG_UNBLOCK, &ours, nullptr);
  wait();
}

signals::~signals() = default;

void signals::wait() {
  set_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) // the object has gone
      return;
    wait(); // first: a handler may throw
    handle(signal);
  });
}

void signals::handle(int signal) {
  if (signal == SIGHUP) {
    if (handlers_.on_hangup)
      handlers_.on_hangup();
  } else if (handlers_.on_terminate) {
    handlers_.on_terminate(signal);
  }
}

} // namespace container_agent::runtime
