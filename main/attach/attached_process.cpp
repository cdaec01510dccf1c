#include "main/attach/attached_process.hpp"

#include "main/loop/stream_descriptor.hpp"
#include "main/process/pipe_source.hpp"
#include "main/storage/pipe_inlet.hpp"
#include "main/storage/pipe_outlet.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace container_agent::runtime {

namespace {

int send_signal(int pidfd, int signal) {
  return static_cast<int>(
    ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

child_process::launch_result failed(std::int32_t pid, std::error_code error,
                                    const std::string& reason) {
  return {0, error,
          "cannot attach to process " + std::to_string(pid) + ": " + reason};
}

child_process::launch_result failed(std::int32_t pid, const std::string& step) {
  auto error = last_error();
  return failed(pid, error, step + ": " + error.message());
}

} // namespace

// Shared with the handler of the wait, which may outlive the object.
struct attached_process::state : std::enable_shared_from_this<state> {
  stream_descriptor pidfd;
  storage::pipe_outlet input;
  storage::pipe_inlet output;
  pipe_source error_output;
  std::int32_t pid = 0;
  bool running = false;
  bool leads_group = false;
  bool group_gone = true;
  child_exit status;
  std::uint64_t attached = 0; // tells a wait for an earlier process apart
  notification on_exit;

  state(event_loop& loop, const child_logs& logs)
    : pidfd{loop.io()},
      input{loop},
      output{loop, logs.output},
      error_output{loop} {}

  void wait() {
    pidfd.async_wait(stream_descriptor::wait_read,
                     [self = shared_from_this(), id = attached](auto error) {
                       if (error || !self->running || self->attached != id)
                         return;
                       if (is_readable(self->pidfd))
                         self->end();
                       else
                         self->wait();
                     });
  }

  void end() {
    status = learn_status();
    group_gone = !leads_group || (::kill(-pid, 0) != 0 && errno == ESRCH);
    close_pidfd();
    conclude();
  }

  void detach() {
    if (!running)
      return;
    status = {};
    status.kind = exit_kind::detached;
    group_gone = true;
    close_pidfd();
    input.close();
    output.end();
    error_output.end();
    conclude();
  }

  void conclude() {
    running = false;
    if (auto call = on_exit)
      call();
  }

  child_exit learn_status() {
    child_exit result;
    siginfo_t info{};
    auto id = static_cast<id_t>(pidfd.native_handle());
    if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) != 0
        || info.si_pid != pid)
      result.kind = exit_kind::unknown; // not a child of ours: ECHILD
    else if (info.si_code == CLD_EXITED)
      result.exit_code = info.si_status;
    else
      result.signal = info.si_status;
    return result;
  }

  void close_pidfd() { close_quietly(pidfd); }
};

attached_process::attached_process(event_loop& loop, const process_table& table,
                                   child_logs logs)
  : table_{table}, logs_{logs}, state_{std::make_shared<state>(loop, logs)} {}

attached_process::~attached_process() {
  state_->on_exit = nullptr;
  state_->running = false;
  state_->close_pidfd();
  state_->input.close();
  state_->output.close();
  state_->error_output.close();
}

child_process::launch_result attached_process::attach(std::int32_t pid,
                                                      std::uint64_t start,
                                                      std::uint64_t from) {
  return attach(pid, start, from, {});
}

child_process::launch_result attached_process::attach(std::int32_t pid,
                                                      std::uint64_t start_time,
                                                      std::uint64_t input_from,
                                                      ends own) {
  if (running())
    return failed(pid, std::make_error_code(std::errc::device_or_resource_busy),
                  "attached to " + std::to_string(state_->pid) + " already");
  // From here on the number can't come to mean somebody else unnoticed.
  unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd)
    return failed(pid, "its end can't be watched, pidfd_open(2)");
  auto info = table_.info(pid);
  if (!info || info->start_time != start_time)
    return failed(pid, std::make_error_code(std::errc::no_such_process),
                  "it has ended meanwhile");
  if (!own.input)
    if (auto result = open_ends(pid, own); result.error)
      return result;
  if (send_signal(pidfd.get(), 0) != 0)
    return failed(pid, "it has ended meanwhile");
  if (::flock(own.output.get(), LOCK_EX | LOCK_NB) != 0)
    return failed(pid, "another agent is attached to it");

  auto& s = *state_;
  boost::system::error_code error;
  s.pidfd.assign(pidfd.get(), error);
  if (error)
    return failed(pid, error, "its end can't be watched: " + error.message());
  (void)pidfd.release(); // is the descriptor's now
  s.pid = pid;
  s.running = true;
  s.leads_group = info->group == pid;
  s.group_gone = !s.leads_group;
  ++s.attached;
  auto place = std::make_unique<storage::cursor>(logs_.input, input_from);
  if (auto note = logs_.note()) {
    note(input_from);
    place->on_position(std::move(note));
  }
  s.input.open(own.input.release(), std::move(place));
  s.output.open(own.output.release());
  if (own.error_output)
    s.error_output.open(own.error_output.release());
  else
    s.error_output.close();
  s.wait();
  launch_result result{pid, {}, {}};
  result.attached = result.midstream = true;
  result.input_from = input_from;
  return result;
}

// Through /proc each is an opening of our own: what we set on it (O_NONBLOCK)
// does not show on the process's side.
child_process::launch_result attached_process::open_ends(std::int32_t pid,
                                                         ends& into) const {
  auto open = [&](const char* what, int mode) {
    return unique_fd{
      ::open(table_.path(pid, what).c_str(), mode | O_NONBLOCK | O_CLOEXEC)};
  };
  into.input = open("fd/0", O_WRONLY);
  if (!into.input)
    return failed(pid, "its stdin can't be opened");
  into.output = open("fd/1", O_RDONLY);
  if (!into.output)
    return failed(pid, "its stdout can't be opened");
  auto output = table_.descriptor(pid, 1);
  auto errors = table_.descriptor(pid, 2);
  if (!errors.is_pipe() || errors.pipe == output.pipe)
    return {};
  std::array pipes{errors.pipe};
  for (const auto& holder : table_.holders(pipes))
    if (holder.reads && holder.pid != pid)
      return {};
  into.error_output = open("fd/2", O_RDONLY); // none is no fault
  return {};
}

child_process::launch_result
attached_process::launch(const child_command& command, std::uint64_t) {
  return {0, std::make_error_code(std::errc::operation_not_supported),
          "cannot run \"" + command.program + "\": nothing is started here"};
}

bool attached_process::running() const {
  return state_->running;
}

std::int32_t attached_process::pid() const {
  return state_->pid;
}

child_exit attached_process::exit_status() const {
  return state_->status;
}

outlet& attached_process::input() {
  return state_->input;
}

inlet& attached_process::output() {
  return state_->output;
}

byte_source& attached_process::error_output() {
  return state_->error_output;
}

void attached_process::close_input() {
  state_->input.close_when_gone([weak = std::weak_ptr{state_}] {
    if (auto self = weak.lock())
      self->detach();
  });
}

void attached_process::let_go() {
  state_->detach();
}

std::error_code attached_process::signal_group(int signal) {
  auto& s = *state_;
  if (!s.running && s.group_gone)
    return {};
  auto sent = s.leads_group ? ::kill(-s.pid, signal)
                            : send_signal(s.pidfd.native_handle(), signal);
  if (sent == 0)
    return {};
  if (errno != ESRCH)
    return last_error();
  s.group_gone = !s.running;
  return {};
}

void attached_process::on_exit(notification notify) {
  state_->on_exit = std::move(notify);
}

} // namespace container_agent::runtime
