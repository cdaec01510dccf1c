#include "main/trace_follow.hpp"

#include "main/control_client.hpp"
#include "main/options.hpp"
#include "main/trace/follow_text.hpp"
#include "main/trace/line_parser.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <variant>

namespace container_agent {

namespace {

std::int32_t complain(const std::string& what) {
  std::cerr << "container-agent: " << what << '\n';
  return EXIT_FAILURE;
}

int woken_by_signal = -1;

// Once: a second signal ends the program in the usual way.
void wake_up(int) {
  auto error = errno;
  std::uint64_t one = 1;
  (void)!::write(woken_by_signal, &one, sizeof one);
  errno = error;
}

/// SIGINT and SIGTERM as a descriptor that becomes readable. They cut a write
/// short, too, that waits for a reader.
class end_signals {
public:
  end_signals() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    woken_by_signal = event_.get();
    struct sigaction action {};
    action.sa_handler = &wake_up;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (int signal : {SIGINT, SIGTERM})
      ::sigaction(signal, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a write says so, too
  }
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;

  int descriptor() const { return event_.get(); }

private:
  runtime::unique_fd event_;
};

/// Writes all of it. False: nobody reads any more, or a signal came. Throws
/// `client_error`.
bool write_out(std::string_view text) {
  pollfd room{STDOUT_FILENO, POLLOUT, 0};
  while (!text.empty()) {
    auto count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno == EPIPE || errno == EINTR)
      return false;
    else if (errno != EAGAIN)
      throw client_error{std::string{"the output cannot be written: "}
                         + std::strerror(errno)};
    else if (::poll(&room, 1, -1) < 0)
      return false; // a signal; this may be a pipe that does not block
  }
  return true;
}

/// Shows lines as they come.
class display {
public:
  explicit display(const follow_settings& settings) : settings_{settings} {}

  bool show(std::string_view lines) {
    return write_out(settings_.json ? lines : as_text(lines));
  }

private:
  std::string_view as_text(std::string_view lines) {
    text_.clear();
    while (!lines.empty()) {
      auto end = lines.find('\n');
      add(lines.substr(0, end));
      lines.remove_prefix(end + 1);
    }
    return text_;
  }

  void add(std::string_view line) {
    if (auto fault = parser_.read(line); !fault.empty()) {
      complain("a line was left out: " + fault);
      return;
    }
    const auto& event = parser_.event();
    if (event.kind == trace::event_kind::header)
      epoch_us_ = event.epoch_us;
    text_ += trace::follow_text(event, epoch_us_, settings_.coloured);
  }

  const follow_settings& settings_;
  trace::line_parser parser_;
  std::int64_t epoch_us_ = 0;
  std::string text_;
};

} // namespace

std::int32_t follow_trace(const follow_settings& settings,
                          const std::vector<std::string>& environment) {
  std::vector<const char*> words{"container-agent", "follow"};
  for (const auto& word : settings.where)
    words.push_back(word.c_str());
  auto parsed = parse_client_options(static_cast<int>(words.size()),
                                     words.data(), environment);
  if (const auto* end = std::get_if<early_exit>(&parsed)) {
    std::fputs(end->text.c_str(), end->code == 0 ? stdout : stderr);
    return end->code;
  }
  const auto& client = std::get<client_options>(parsed);
  if (client.socket.empty())
    return complain("there is nobody to ask with --control-socket none");
  try {
    end_signals signals;
    display shown{settings};
    control_client agent{client.socket, client.timeout};
    auto end = agent.follow(
      settings.wish, [&](std::string_view lines) { return shown.show(lines); },
      signals.descriptor(), STDOUT_FILENO);
    if (end == control_client::follow_end::agent_has_ended)
      std::cerr << "container-agent: the agent has ended\n";
    return EXIT_SUCCESS;
  } catch (const client_error& error) {
    return complain(error.what());
  }
}

} // namespace container_agent
