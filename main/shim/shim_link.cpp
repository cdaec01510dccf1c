#include "main/shim/shim_link.hpp"

#include "main/loop/system_call.hpp"
#include "main/shim/descendants.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace container_agent::runtime {

shim_link::shim_link(event_loop& loop, observer& told, unique_fd socket)
  : told_{&told}, socket_{loop.io()}, reaper_end_{loop.io()} {
  boost::system::error_code error;
  socket_.assign(socket.get(), error);
  if (!error)
    (void)socket.release();
}

shim_link::~shim_link() = default;

std::optional<shim_message> shim_link::await_hello(held_files& files) {
  shim_message hello;
  if (!socket_.is_open()
      || !receive_message(socket_.native_handle(), hello, files))
    return std::nullopt;
  shim_ = hello.shim;
  return hello;
}

std::error_code shim_link::watch(pid_t reaper) {
  reaper_ = reaper;
  unique_fd number{static_cast<int>(::syscall(SYS_pidfd_open, reaper, 0))};
  if (!number && errno != ESRCH)
    return last_error();
  reaper_ended_ = !number;
  boost::system::error_code error;
  if (number)
    reaper_end_.assign(number.get(), error);
  if (!error)
    socket_.native_non_blocking(true, error);
  if (error)
    return error;
  (void)number.release();
  if (!reaper_ended_)
    await_end_of_reaper();
  await_message();
  return {};
}

std::error_code shim_link::watch_own(pid_t reaper, std::vector<pid_t> others) {
  own_ = true;
  others_ = std::move(others);
  return watch(reaper);
}

void shim_link::await_end_of_reaper() {
  reaper_end_.async_wait(stream_descriptor::wait_read,
                         [self = shared_from_this()](auto failed) {
                           if (failed || self->reaper_ended_)
                             return;
                           if (is_readable(self->reaper_end_))
                             self->take_end_of_reaper();
                           else
                             self->await_end_of_reaper();
                         });
}

void shim_link::await_message() {
  socket_.async_wait(stream_descriptor::wait_read,
                     [self = shared_from_this()](auto failed) {
                       if (!failed && self->socket_.is_open())
                         self->take_message();
                     });
}

void shim_link::take_message() {
  shim_message message;
  held_files none;
  if (receive_message(socket_.native_handle(), message, none)) {
    await_message();
    if (message.what == shim_message::kind::ended && told_)
      told_->claude_ended(message.status);
  } else if (errno == EAGAIN) {
    await_message();
  } else {
    close_quietly(socket_);
    tell_if_over();
  }
}

// While the connection is open, the pid is still the shim's.
bool shim_link::shim_lives() {
  if (!socket_.is_open())
    return false;
  pollfd end{socket_.native_handle(), 0, 0};
  return ::poll(&end, 1, 0) == 0;
}

// A reaper that exited has left nothing. If it was killed and was our own
// child, the processes that it left are ours now.
void shim_link::take_end_of_reaper() {
  reaper_ended_ = true;
  close_quietly(reaper_end_);
  int status = 0;
  if (own_ && ::waitpid(reaper_, &status, WNOHANG) == reaper_
      && WIFSIGNALED(status) && !let_go_)
    kill_children(kill_deadline(), others_);
  tell_if_over();
}

void shim_link::tell_if_over() {
  if (is_over() && told_)
    told_->over();
}

void shim_link::tell(shim_message::kind what) {
  shim_message message;
  message.what = what;
  std::array<int, held_count> none{};
  none.fill(-1);
  send(message, none);
}

void shim_link::hold(held_file which, int description, std::uint64_t begins) {
  shim_message message;
  message.what = shim_message::kind::hold;
  message.begins[index_of(which)] = begins;
  std::array<int, held_count> files{};
  files.fill(-1);
  files[index_of(which)] = description;
  send(message, files);
}

void shim_link::send(const shim_message& message,
                     const std::array<int, held_count>& files) {
  if (socket_.is_open()
      && !send_message(socket_.native_handle(), message, files)
      && errno != EPIPE && errno != ECONNRESET) // else its end is reported soon
    kill();
}

// This shim's child has ended before, so nothing is left to kill, and another
// child may run.
void shim_link::close() {
  told_ = nullptr;
  let_go_ = true;
  close_quietly(socket_);
}

void shim_link::end() {
  told_ = nullptr;
  tell(shim_message::kind::end);
  if (reaper_ended_ || !reaper_end_.is_open())
    return close();
  pollfd awaited{reaper_end_.native_handle(), POLLIN, 0};
  auto wait = [&awaited](std::chrono::milliseconds time) {
    return without_interruption(
      [&] { return ::poll(&awaited, 1, static_cast<int>(time.count())); });
  };
  constexpr std::chrono::milliseconds longest{1000};
  if (wait(longest) <= 0) {
    kill();
    wait(longest);
  }
  take_end_of_reaper();
  close();
}

void shim_link::kill() {
  if (reaper_ended_ || !reaper_end_.is_open())
    return;
  if (shim_ > 0 && shim_lives())
    ::kill(shim_, SIGKILL);
  ::syscall(SYS_pidfd_send_signal, reaper_end_.native_handle(), SIGKILL,
            nullptr, 0);
}

} // namespace container_agent::runtime
