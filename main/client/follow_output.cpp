#include "main/client/follow_output.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <system_error>

namespace container_agent {

namespace {

int woken_by_signal = -1;

// Once: a second signal ends the program in the usual way.
void wake_up(int) {
  auto error = errno;
  std::uint64_t one = 1;
  (void)!::write(woken_by_signal, &one, sizeof one);
  errno = error;
}

} // namespace

end_signals::end_signals() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  woken_by_signal = event_.get();
  struct sigaction action {};
  action.sa_handler = &wake_up;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (int signal : {SIGINT, SIGTERM})
    ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN); // a write says so, too
}

bool write_out(std::string_view text) {
  pollfd room{STDOUT_FILENO, POLLOUT, 0};
  while (!text.empty()) {
    auto count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno == EPIPE || errno == EINTR)
      return false;
    else if (errno != EAGAIN)
      throw std::system_error{runtime::last_error(),
                              "the output cannot be written"};
    else if (::poll(&room, 1, -1) < 0)
      return false; // a signal; this may be a pipe that does not block
  }
  return true;
}

std::int32_t complain(const std::string& what) {
  std::cerr << "container-agent: " << what << '\n';
  return EXIT_FAILURE;
}

} // namespace container_agent
