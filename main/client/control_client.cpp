#include "main/client/control_client.hpp"

#include "main/cli/value_text.hpp"
#include "main/process/process_probe.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace container_agent {

namespace {

using std::chrono::steady_clock;

// A status document has 1 to 2 KiB.
constexpr std::size_t longest_answer = 1024 * 1024;

// Waits for `events` of a descriptor until the deadline; false past it.
bool poll_until(int fd, short events, steady_clock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - steady_clock::now());
    // Options allow a day at most, so it fits.
    auto wait = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    pollfd entry{fd, events, 0};
    auto count = ::poll(&entry, 1, wait);
    if (count >= 0)
      return count > 0;
    if (errno != EINTR)
      throw client_error{std::string{"poll: "} + std::strerror(errno)};
  }
}

std::string cannot_connect(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
      return "no agent runs here: there is no control socket at " + path
             + " (another --pipe-dir or --instance?)";
    case ECONNREFUSED:
      return "no agent runs here: nobody listens at " + path + " any more";
    case EACCES:
      return "not allowed to ask the agent at " + path
             + ": only its own user and root are, and this is user "
             + std::to_string(::geteuid());
    case EAGAIN:
      return "the agent at " + path
             + " hangs: more connections wait for it than it has room for";
    default:
      return "cannot ask the agent at " + path + ": " + std::strerror(error);
  }
}

} // namespace

std::string describe_silence(char state) {
  switch (state) {
    case 'T':
    case 't':
      return "it is stopped, by a signal such as SIGSTOP or by a debugger";
    case 'D':
      return "it is in an uninterruptible wait, for a disk or in the kernel";
    case 'R': return "it is running: very busy, or in an endless loop";
    case 'S':
      return "it sleeps, and waits for something other than its clients";
    case 'Z':
    case 'X': return "it has ended, and its parent has not taken note of it";
    default: return "what it does is not known";
  }
}

control_client::control_client(std::string path,
                               std::chrono::milliseconds timeout)
  : path_{std::move(path)},
    timeout_{timeout},
    deadline_{steady_clock::now() + timeout} {
  connect();
  if (auto peer = runtime::peer_of(socket_.get()))
    pid_ = peer->pid;
  // Before anything is asked: the number may be another process's later.
  if (pid_ > 0)
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

void control_client::connect() try {
  runtime::socket_name name{path_};
  socket_.reset(
    ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_ || ::connect(socket_.get(), name.get(), name.length) != 0) {
    auto error = errno;
    if (error == ENOENT || error == ECONNREFUSED)
      throw nobody_listens{cannot_connect(path_, error)};
    throw client_error{cannot_connect(path_, error)};
  }
} catch (const runtime::socket_error& error) {
  throw client_error{error.what()};
}

codec::control_answer
control_client::ask(const codec::control_request& request) {
  send(codec::control_request_text(request) + '\n');
  return codec::read_control_answer(receive());
}

void control_client::send(std::string_view text) {
  while (!text.empty()) {
    auto count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno == EAGAIN)
      wait_for(POLLOUT);
    else if (errno == EPIPE)
      return; // it may have said why
    else if (errno != EINTR)
      throw client_error{cannot_connect(path_, errno)};
  }
}

std::string control_client::receive() {
  std::string line;
  char block[4096];
  for (;;) {
    auto count = ::recv(socket_.get(), block, sizeof block, 0);
    if (count > 0)
      line.append(block, static_cast<std::size_t>(count));
    if (auto end = line.find('\n'); end != std::string::npos)
      return line.substr(0, end);
    if (line.size() > longest_answer)
      throw client_error{"what listens at " + path_ + " is no agent"};
    if (count == 0 || (count < 0 && errno == ECONNRESET))
      throw client_error{"the agent at " + path_
                         + " has closed the connection without an answer"};
    if (count < 0 && errno == EAGAIN)
      wait_for(POLLIN);
    else if (count < 0 && errno != EINTR)
      throw client_error{cannot_connect(path_, errno)};
  }
}

control_client::follow_end control_client::follow(const codec::trace_wish& wish,
                                                  const line_taker& take,
                                                  int stop, int output) {
  send(codec::control_request_text(
         {codec::control_command::trace, false, {}, wish})
       + '\n');
  wait_for(POLLIN);
  std::string text;
  char block[64 * 1024];
  for (bool first = true;;) {
    pollfd entries[]{
      {socket_.get(), POLLIN, 0}, {stop, POLLIN, 0}, {output, 0, 0}};
    if (::poll(entries, std::size(entries), -1) < 0 && errno != EINTR)
      throw client_error{std::string{"poll: "} + std::strerror(errno)};
    if (entries[1].revents != 0 || entries[2].revents != 0)
      return follow_end::told_to_stop;
    auto count = ::recv(socket_.get(), block, sizeof block, 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET))
      return follow_end::agent_has_ended;
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      throw client_error{cannot_connect(path_, errno)};
    text.append(block, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    auto whole = text.rfind('\n') + 1; // npos is one before 0
    auto lines = std::string_view{text}.substr(0, whole);
    if (lines.empty())
      continue;
    if (std::exchange(first, false) && lines.starts_with("{\"ok\":false"))
      throw client_error{codec::read_control_answer(lines).error};
    if (!take(lines))
      return follow_end::told_to_stop;
    text.erase(0, whole);
  }
}

void control_client::wait_for(short events) {
  if (!poll_until(socket_.get(), events, deadline_))
    fail_silent();
}

void control_client::fail_silent() const {
  auto state = pid_ > 0 ? runtime::look_at_process(pid_) : std::nullopt;
  auto who
    = pid_ > 0 ? " (process " + std::to_string(pid_) + ")" : std::string{};
  throw client_error{"the agent at " + path_ + who + " did not answer within "
                     + format_duration(timeout_) + ": "
                     + describe_silence(state ? state->state : '?')};
}

bool control_client::await_end(std::chrono::milliseconds limit) {
  if (!process_)
    throw client_error{"the agent's process can't be seen from here, so its "
                       "end was not waited for"};
  return poll_until(process_.get(), POLLIN, steady_clock::now() + limit);
}

} // namespace container_agent
