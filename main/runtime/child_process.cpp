#include "main/runtime/child_process.hpp"

#include "main/runtime/child_setup.hpp"
#include "main/runtime/descendants.hpp"
#include "main/runtime/fd.hpp"
#include "main/runtime/launch_failure.hpp"

#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

namespace process_v2 = boost::process::v2;

using process
  = process_v2::basic_process<boost::asio::io_context::executor_type>;

// -- parts --------------------------------------------------------------------

struct child_pipes {
  pipe_ends input = make_pipe();
  pipe_ends output = make_pipe();
  pipe_ends error_output = make_pipe();
  pipe_ends number = make_pipe(); // the child tells its own
  std::error_code error = input && output && error_output && number
                            ? std::error_code{}
                            : last_error();

  // A refusal costs speed only.
  void enlarge(int capacity) const {
    ::fcntl(input.writer.get(), F_SETPIPE_SZ, capacity);
    ::fcntl(output.writer.get(), F_SETPIPE_SZ, capacity);
  }

  std::array<int, 3> for_child() const {
    return {input.reader.get(), output.writer.get(), error_output.writer.get()};
  }

  // The child runs, so it has written it; 0 if it was killed before.
  pid_t child_number() {
    number.writer.reset();
    pid_t pid = 0;
    while (::read(number.reader.get(), &pid, sizeof(pid)) < 0
           && errno == EINTR) {}
    return pid;
  }
};

// No signal is handled between fork(2) and exec(2): the handlers are ours, and
// would write into a pipe that the agent reads.
class all_signals_blocked {
public:
  all_signals_blocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  all_signals_blocked(const all_signals_blocked&) = delete;
  all_signals_blocked& operator=(const all_signals_blocked&) = delete;
  ~all_signals_blocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

// Old kernels and some sandboxes have none. The library would find that out
// when the child runs already, and tell it as EBADF.
std::error_code check_pidfd() {
#if defined(BOOST_PROCESS_V2_PIDFD_OPEN) // not so for valgrind, say
  unique_fd probe{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  if (!probe)
    return {errno, std::generic_category()};
#endif
  return {};
}

void reap(pid_t pid) {
  if (pid <= 0)
    return;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
}

} // namespace

// -- posix_child_process ------------------------------------------------------

// Shared with the handler of the wait, which may outlive the object.
struct posix_child_process::state {
  std::optional<process> guard; // while it runs
  pid_t guard_pid = 0;
  pid_t pid = 0;
  std::vector<pid_t> others; // not ours: children from before the launch
  bool group_gone = true;
  child_exit status;
  notification on_exit;
  notification on_reaped;

  void end(boost::system::error_code error) {
    auto native = guard->native_exit_code();
    guard.reset();
    status = {};
    if (error)
      status.exit_code = -1;
    else if (WIFSIGNALED(native))
      status.signal = WTERMSIG(native);
    else
      status.exit_code = WEXITSTATUS(native);
    if (is_child(pid)) // somebody has killed the guard
      end_adopted();
    group_gone = ::kill(-pid, 0) != 0 && errno == ESRCH;
    if (auto call = on_reaped)
      call();
    if (auto call = on_exit)
      call();
  }

  // What a killed guard has left is ours now.
  void end_adopted() { kill_children(kill_deadline(), others); }

  void kill_guard() {
    ::kill(guard_pid, SIGKILL);
    reap(guard_pid);
    end_adopted();
  }
};

posix_child_process::posix_child_process(event_loop& loop, content kind)
  : loop_{loop},
    kind_{kind},
    input_{loop},
    output_{loop, kind},
    error_output_{loop},
    state_{std::make_shared<state>()} {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

// The kernel kills Claude with its guard. What the guard can't get at, such as
// a process that waits for a disk which has gone, no one else can either.
void posix_child_process::kill_harder() {
  if (running())
    ::kill(state_->guard_pid, SIGKILL);
}

posix_child_process::~posix_child_process() {
  state_->on_exit = nullptr;
  state_->on_reaped = nullptr;
  if (!running())
    return;
  signal_group(SIGKILL);
  if (!wait_for_end({&state_->guard_pid, 1}, kill_deadline()))
    state_->kill_guard();
  boost::system::error_code ignored;
  state_->guard->wait(ignored);
}

child_process::launch_result
posix_child_process::launch(const child_command& command) {
  if (running())
    return launch_failed(
      command, std::make_error_code(std::errc::device_or_resource_busy),
      "a child runs already");
  auto program = find_program(command);
  if (program.error)
    return launch_failed(command, program.error, program.reason);
  if (auto error = check_pidfd())
    return launch_failed(command, error,
                         "its end can't be watched, pidfd_open(2) fails: "
                           + error.message());
  child_pipes pipes;
  if (pipes.error)
    return launch_failed(command, pipes.error,
                         "no pipes for it: " + pipes.error.message());
  if (auto capacity = pipe_capacity(kind_); capacity > 0)
    pipes.enlarge(capacity);

  process_v2::posix::default_launcher launcher;
  boost::system::error_code error;
  state_->others = children();
  try {
    all_signals_blocked blocked;
    state_->guard.emplace(launcher(
      loop_.io().get_executor(), error, program.path, command.arguments,
      child_setup{command, pipes.for_child(), pipes.number.writer.get()}));
    state_->guard_pid = launcher.pid;
  } catch (const boost::system::system_error& refused) {
    // In the child, which must not go on as a second agent.
    if (launcher.pid == 0)
      ::_exit(127);
    // Started, but out of reach for us.
    state_->guard_pid = launcher.pid;
    if (launcher.pid > 0)
      state_->kill_guard();
    return launch_failed(command, refused.code(),
                         "its end can't be watched: "
                           + refused.code().message());
  }
  if (error) {
    // The library leaves the process behind, which ends as its child has.
    reap(launcher.pid);
    state_->guard.reset();
    return launch_failed(command, error_of(error),
                         describe_launch_failure(command, program.path,
                                                 step_of(error),
                                                 error_of(error)));
  }

  auto number = pipes.child_number();
  state_->pid = number > 0 ? number : launcher.pid;
  state_->group_gone = false;
  input_.open(pipes.input.writer.release());
  output_.open(pipes.output.reader.release());
  error_output_.open(pipes.error_output.reader.release());
  state_->guard->async_wait([state = state_](boost::system::error_code result,
                                             int) { state->end(result); });
  return {state_->pid, {}, {}};
}

bool posix_child_process::running() const {
  return state_->guard.has_value();
}

std::int32_t posix_child_process::pid() const {
  return state_->pid;
}

pid_t posix_child_process::pid_to_spare() const {
  return running() ? state_->guard_pid : 0;
}

child_exit posix_child_process::exit_status() const {
  return state_->status;
}

std::error_code posix_child_process::signal_group(int signal) {
  if (state_->group_gone || ::kill(-state_->pid, signal) == 0)
    return {};
  if (errno != ESRCH)
    return {errno, std::generic_category()};
  state_->group_gone = !running();
  return {};
}

void posix_child_process::on_exit(notification notify) {
  state_->on_exit = std::move(notify);
}

void posix_child_process::on_reaped(notification notify) {
  state_->on_reaped = std::move(notify);
}

} // namespace container_agent::runtime
