#include "main/process/child_launch.hpp"

#include "main/process/child_setup.hpp"
#include "main/process/launch_failure.hpp"

#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace container_agent::runtime {

namespace {

// No signal may be handled between fork(2) and exec(2): the handlers are the
// agent's and would write into a pipe that it reads.
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

} // namespace

child_pipes::child_pipes() {
  std::array<int, 2> ends{-1, -1};
  if (!input || !output || !error_output
      || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data())
           != 0)
    error = last_error();
  agents_socket.reset(ends[0]);
  shims_socket.reset(ends[1]);
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &longest_answer,
               sizeof longest_answer);
}

void child_pipes::enlarge(int for_input, int for_output) const {
  if (for_input > 0)
    ::fcntl(input.writer.get(), F_SETPIPE_SZ, for_input);
  if (for_output > 0)
    ::fcntl(output.writer.get(), F_SETPIPE_SZ, for_output);
}

std::array<int, 3> child_pipes::for_child() const {
  return {input.reader.get(), output.writer.get(), error_output.writer.get()};
}

std::array<int, held_count> child_pipes::for_next_agent() const {
  std::array<int, held_count> result{};
  result.fill(-1);
  result[index_of(held_file::input)] = input.writer.get();
  result[index_of(held_file::output)] = output.reader.get();
  result[index_of(held_file::errors)] = error_output.reader.get();
  return result;
}

std::error_code check_pidfd() {
#if defined(BOOST_PROCESS_V2_PIDFD_OPEN) // not so for valgrind, say
  unique_fd probe{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  if (!probe)
    return last_error();
#endif
  return {};
}

forked_child fork_child(event_loop& loop, const child_command& command,
                        const std::string& path, const child_pipes& pipes,
                        const shim_plan& plan) {
  boost::process::v2::posix::default_launcher launcher;
  boost::system::error_code error;
  try {
    all_signals_blocked blocked;
    (void)launcher(loop.io().get_executor(), error, path, command.arguments,
                   child_setup{command, pipes.for_child(), plan})
      .detach();
  } catch (const boost::system::system_error& refused) {
    // In the child, which must not run on as a second agent.
    if (launcher.pid == 0)
      ::_exit(127);
    return {launcher.pid, refused.code(),
            "its end can't be watched: " + refused.code().message()};
  }
  if (error)
    return {
      launcher.pid, error_of(error),
      describe_launch_failure(command, path, step_of(error), error_of(error))};
  return {launcher.pid, {}, {}};
}

} // namespace container_agent::runtime
