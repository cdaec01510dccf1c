#include "main/loop/signals.hpp"

#include <csignal>
#include <utility>

namespace container_agent::runtime {

namespace {

constexpr int handled[]
  = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};
constexpr int ignored[] = {SIGTSTP, SIGTTIN, SIGTTOU};

} // namespace

signals::signals(event_loop& loop, signal_handlers handlers)
  : set_{loop.io()}, handlers_{std::move(handlers)} {
  sigset_t ours;
  ::sigemptyset(&ours);
  for (int signal : handled) {
    set_.add(signal);
    ::sigaddset(&ours, signal);
  }
  for (int signal : ignored)
    std::signal(signal, SIG_IGN);
  ::sigprocmask(SIG_UNBLOCK, &ours, nullptr);
  wait();
}

signals::~signals() = default;

void signals::wait() {
  set_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) // the object has gone
      return;
    wait(); // first, because a handler may throw
    handle(signal);
  });
}

void signals::handle(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
      if (handlers_.on_terminate)
        handlers_.on_terminate(signal);
      break;
    case SIGHUP:
      if (handlers_.on_hangup)
        handlers_.on_hangup();
      break;
    case SIGUSR1:
      if (handlers_.on_dump)
        handlers_.on_dump();
      break;
    default:
      if (handlers_.on_forward)
        handlers_.on_forward(signal);
  }
}

} // namespace container_agent::runtime
