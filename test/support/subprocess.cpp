#include "test/support/subprocess.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace container_agent::test {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct pipe_ends {
  unique_fd read;
  unique_fd write;
};

pipe_ends make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    fail("pipe2");
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

void set_nonblocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

std::vector<std::string>
environment_of(std::map<std::string, std::string> env) {
  for (const char* name :
       {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      env.try_emplace(name, value);
  std::vector<std::string> result;
  for (const auto& [name, value] : env)
    result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const auto& s : strings)
    result.push_back(const_cast<char*>(s.c_str()));
  result.push_back(nullptr);
  return result;
}

/// What the fork does before exec: only calls that are safe there.
[[noreturn]] void become(const spawn_options& options, pid_t parent, int in,
                         int out, int err, char** argv, char** envp) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(126);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, SIG_DFL);
  for (int signal : options.ignored_signals)
    ::signal(signal, SIG_IGN);
  sigset_t mask;
  ::sigemptyset(&mask);
  for (int signal : options.blocked_signals)
    ::sigaddset(&mask, signal);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (options.umask)
    ::umask(*options.umask);
  for (int fd : options.inherited_fds) {
    int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(null, fd);
  }
  if (!options.cwd || ::chdir(options.cwd->c_str()) == 0)
    ::execvpe(argv[0], argv, envp);
  const char* why = std::strerror(errno);
  ::dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], why);
  ::_exit(127);
}

/// Reads what is there; closes `fd` at its end.
void read_available(unique_fd& fd, std::string& into) {
  char buffer[65536];
  while (fd) {
    auto n = ::read(fd.get(), buffer, sizeof(buffer));
    if (n > 0)
      into.append(buffer, static_cast<std::size_t>(n));
    else if (n == 0)
      fd.reset();
    else if (errno != EINTR)
      return;
  }
}

} // namespace

std::string to_string(const exit_status& status) {
  if (status.signal != 0)
    return "signal " + std::to_string(status.signal);
  return "exit code " + std::to_string(status.code);
}

void wait_gone(pid_t pid, deadline until) {
  unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd)
    return;
  pollfd fds[] = {{pidfd.get(), POLLIN, 0}};
  if (::poll(fds, 1, until.poll_timeout()) == 0)
    throw std::runtime_error("process " + std::to_string(pid)
                             + " is still there");
}

subprocess::subprocess(const spawn_options& options) {
  auto env = environment_of(options.env);
  auto argv_pointers = pointers(options.argv);
  auto env_pointers = pointers(env);
  auto out = make_pipe();
  auto err = make_pipe();
  unique_fd child_stdin;
  if (options.stdin_pipe) {
    auto in = make_pipe();
    child_stdin = std::move(in.read);
    stdin_ = std::move(in.write);
    set_nonblocking(stdin_.get());
  } else {
    child_stdin.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  // A writer whose reader left is told so by EPIPE, not by a signal.
  ::signal(SIGPIPE, SIG_IGN);
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  if (pid_ == 0)
    become(options, parent, child_stdin.get(), out.write.get(), err.write.get(),
           argv_pointers.data(), env_pointers.data());
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  stdout_ = std::move(out.read);
  stderr_ = std::move(err.read);
  set_nonblocking(stdout_.get());
  set_nonblocking(stderr_.get());
}

subprocess::~subprocess() {
  if (exited_)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void subprocess::send_signal(int signal) const {
  // Once it is reaped the number may belong to another process.
  if (!exited_)
    ::kill(pid_, signal);
}

void subprocess::drain() {
  read_available(stdout_, stdout_text_);
  read_available(stderr_, stderr_text_);
}

std::optional<exit_status> subprocess::try_wait() {
  int raw = 0;
  if (!exited_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) {
    // What it wrote before its end is in the pipes by now. Not read until
    // end of file: a grandchild may hold the other ends.
    drain();
    if (WIFSIGNALED(raw))
      exited_ = exit_status{-1, WTERMSIG(raw)};
    else
      exited_ = exit_status{WEXITSTATUS(raw), 0};
  }
  return exited_;
}

void subprocess::poll_once(const deadline& until, short stdin_events,
                           std::string_view waiting_for) {
  pollfd fds[] = {{stdout_.get(), POLLIN, 0},
                  {stderr_.get(), POLLIN, 0},
                  {exit_fd(), POLLIN, 0},
                  {stdin_events != 0 ? stdin_.get() : -1, stdin_events, 0}};
  auto n = ::poll(fds, 4, until.poll_timeout());
  if (n == 0)
    throw std::runtime_error("timed out waiting for " + std::string{waiting_for}
                             + "; stdout:\n" + stdout_text_ + "\nstderr:\n"
                             + stderr_text_);
  drain();
  try_wait();
}

exit_status subprocess::wait_exit(deadline until) {
  while (!try_wait())
    poll_once(until, 0, "the end of the process");
  return *exited_;
}

void subprocess::wait_for_output(std::string_view what, deadline until) {
  auto found = [&] {
    return stdout_text_.find(what) != std::string::npos
           || stderr_text_.find(what) != std::string::npos;
  };
  while (!found()) {
    if (exited_)
      throw std::runtime_error("ended (" + to_string(*exited_)
                               + ") before it wrote " + std::string{what}
                               + "; stderr:\n" + stderr_text_);
    poll_once(until, 0, what);
  }
}

void subprocess::write_stdin(std::string_view bytes, deadline until) {
  while (!bytes.empty()) {
    auto n = ::write(stdin_.get(), bytes.data(), bytes.size());
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EAGAIN)
      poll_once(until, POLLOUT, "room in its stdin");
    else if (errno != EINTR)
      fail("write to stdin");
  }
}

void subprocess::close_stdin() {
  stdin_.reset();
}

std::optional<std::string> subprocess::read_line(deadline until) {
  for (;;) {
    auto lf = stdout_text_.find('\n', stdout_read_);
    if (lf != std::string::npos) {
      auto line = stdout_text_.substr(stdout_read_, lf - stdout_read_);
      stdout_read_ = lf + 1;
      return line;
    }
    if (!stdout_ || exited_)
      return std::nullopt;
    poll_once(until, 0, "a line");
  }
}

} // namespace container_agent::test
