#include "main/runtime/child_process.hpp"

#include "main/runtime/exec_failure.hpp"
#include "main/runtime/fd.hpp"

#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

namespace process_v2 = boost::process::v2;

using process
  = process_v2::basic_process<boost::asio::io_context::executor_type>;

// -- parts --------------------------------------------------------------------

struct pipe {
  unique_fd reader;
  unique_fd writer;

  std::error_code make(int capacity) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return {errno, std::generic_category()};
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    if (capacity > 0)
      ::fcntl(ends[1], F_SETPIPE_SZ, capacity); // a refusal costs speed only
    return {};
  }
};

struct child_pipes {
  pipe input;
  pipe output;
  pipe error_output;

  std::error_code make(int capacity) {
    if (auto error = input.make(capacity))
      return error;
    if (auto error = output.make(capacity))
      return error;
    return error_output.make(0);
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

// -- what happens in the child ------------------------------------------------

// Boost.Process passes an errno from the child to us. Its upper half says at
// which step the child failed: ENOENT alone would not tell a missing folder
// from a missing program.
enum class step : int { exec, directory, setup };

constexpr int step_shift = 16;
constexpr int errno_mask = (1 << step_shift) - 1;

step step_of(const boost::system::error_code& error) {
  return static_cast<step>(error.value() >> step_shift);
}

std::error_code error_of(const boost::system::error_code& error) {
  return {error.value() & errno_mask, std::generic_category()};
}

// Kernels and sandboxes without close_range(2).
void close_on_exec_one_by_one() {
  auto* folder = ::opendir("/proc/self/fd");
  if (!folder)
    return;
  while (const auto* entry = ::readdir(folder)) {
    auto number = std::atoi(entry->d_name);
    if (number > STDERR_FILENO)
      ::fcntl(number, F_SETFD, FD_CLOEXEC);
  }
  ::closedir(folder);
}

// Closing at once would take Boost.Process's own pipe along.
void close_all_but_three_on_exec() {
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    close_on_exec_one_by_one();
}

// The hooks that Boost.Process calls, the first one here, the others in the
// child.
class child_setup {
public:
  child_setup(const child_command& command, const child_pipes& pipes)
    : directory_{command.directory},
      descriptors_{pipes.input.reader.get(), pipes.output.writer.get(),
                   pipes.error_output.writer.get()} {
    for (const auto& variable : command.environment)
      environment_.push_back(variable.c_str());
    environment_.push_back(nullptr);
  }

  template <class Launcher, class Path>
  boost::system::error_code on_setup(Launcher& launcher, const Path&,
                                     const char* const*&) {
    launcher.env = environment_.data();
    return {};
  }

  template <class Launcher, class Path>
  boost::system::error_code on_exec_setup(Launcher&, const Path&,
                                          const char* const*&) {
    if (!become_child())
      return failure_at(step::setup);
    if (!directory_.empty() && ::chdir(directory_.c_str()) != 0)
      return failure_at(step::directory);
    // Last: a signal that was held back until now ends the child here.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    return {};
  }

  // Without this the library calls exit(3): our atexit handlers, twice.
  // Variadic, else the library's trait does not see it.
  template <class... Args>
  void on_exec_error(Args&&...) {
    ::_exit(127);
  }

private:
  bool become_child() {
    // By the kernel's own call: glibc refuses the two signals that it keeps for
    // itself, and whoever started the agent may have had them ignored. Refused
    // for SIGKILL and SIGSTOP, as it should be.
    std::array<unsigned long, 4> default_action{}; // struct kernel_sigaction
    for (int signal = 1; signal < NSIG; ++signal)
      ::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr,
                (NSIG - 1) / 8);
    if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
      return false;
    if (::getppid() != parent_)
      ::_exit(127); // it died before that could take effect
    for (int number = 0; number < 3; ++number)
      if (::dup2(descriptors_[number], number) < 0)
        return false;
    close_all_but_three_on_exec();
    return true;
  }

  // The library sends `errno`, not what is returned.
  static boost::system::error_code failure_at(step where) {
    errno |= static_cast<int>(where) << step_shift;
    return {errno, boost::system::system_category()};
  }

  std::string directory_;
  std::array<int, 3> descriptors_;
  std::vector<const char*> environment_;
  pid_t parent_ = ::getpid();
};

// -- what a failure is called -------------------------------------------------

std::string cannot_run(const child_command& command,
                       const std::string& reason) {
  auto text = "cannot run \"" + command.program + '"';
  if (!command.directory.empty())
    text += " in \"" + command.directory + '"';
  return text + ": " + reason;
}

child_process::launch_result failed(const child_command& command,
                                    std::error_code error,
                                    const std::string& reason) {
  return {0, error, cannot_run(command, reason)};
}

std::string describe(const child_command& command, const std::string& path,
                     const boost::system::error_code& error) {
  auto number = error_of(error);
  switch (step_of(error)) {
    case step::exec:
      return describe_exec_failure(path, command.directory, number);
    case step::directory: return describe_directory_failure(number);
    default: return "the new process could not be set up: " + number.message();
  }
}

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
  std::optional<process> child; // while it runs
  pid_t pid = 0;
  bool group_gone = true;
  child_exit status;
  notification on_exit;

  void end(boost::system::error_code error) {
    auto native = child->native_exit_code();
    child.reset();
    status = {};
    if (error)
      status.exit_code = -1;
    else if (WIFSIGNALED(native))
      status.signal = WTERMSIG(native);
    else
      status.exit_code = WEXITSTATUS(native);
    group_gone = ::kill(-pid, 0) != 0 && errno == ESRCH;
    if (auto call = on_exit)
      call();
  }
};

posix_child_process::posix_child_process(event_loop& loop, int pipe_capacity)
  : loop_{loop},
    pipe_capacity_{pipe_capacity},
    input_{loop},
    output_{loop},
    error_output_{loop},
    state_{std::make_shared<state>()} {}

posix_child_process::~posix_child_process() {
  state_->on_exit = nullptr;
  if (!running())
    return;
  signal_group(SIGKILL);
  boost::system::error_code ignored;
  state_->child->wait(ignored);
}

child_process::launch_result
posix_child_process::launch(const child_command& command) {
  if (running())
    return failed(command,
                  std::make_error_code(std::errc::device_or_resource_busy),
                  "a child runs already");
  auto program = find_program(command);
  if (program.error)
    return failed(command, program.error, program.reason);
  if (auto error = check_pidfd())
    return failed(command, error,
                  "its end can't be watched, pidfd_open(2) fails: "
                    + error.message());
  child_pipes pipes;
  if (auto error = pipes.make(pipe_capacity_))
    return failed(command, error, "no pipes for it: " + error.message());

  process_v2::posix::default_launcher launcher;
  boost::system::error_code error;
  try {
    all_signals_blocked guard;
    state_->child.emplace(launcher(loop_.io().get_executor(), error,
                                   program.path, command.arguments,
                                   child_setup{command, pipes}));
  } catch (const boost::system::system_error& refused) {
    // In the child, which must not go on as a second agent.
    if (launcher.pid == 0)
      ::_exit(127);
    // Started, but out of reach for us.
    if (launcher.pid > 0)
      ::kill(launcher.pid, SIGKILL);
    reap(launcher.pid);
    return failed(command, refused.code(),
                  "its end can't be watched: " + refused.code().message());
  }
  if (error) {
    // The library leaves the process behind whose exec(2) failed.
    reap(launcher.pid);
    state_->child.reset();
    return failed(command, error_of(error),
                  describe(command, program.path, error));
  }

  state_->pid = launcher.pid;
  state_->group_gone = false;
  input_.open(pipes.input.writer.release());
  output_.open(pipes.output.reader.release());
  error_output_.open(pipes.error_output.reader.release());
  state_->child->async_wait([state = state_](boost::system::error_code result,
                                             int) { state->end(result); });
  return {launcher.pid, {}, {}};
}

bool posix_child_process::running() const {
  return state_->child.has_value();
}

std::int32_t posix_child_process::pid() const {
  return state_->pid;
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

} // namespace container_agent::runtime
