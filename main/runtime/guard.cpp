#include "main/runtime/guard.hpp"

#include "main/runtime/descendants.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>

namespace container_agent::runtime {

namespace {

// What the kernel sends when the agent dies. Anybody may send it: what counts
// is who the parent is by then.
constexpr int agent_died = SIGTERM;

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (auto signal : signals)
    ::sigaddset(&set, signal);
  return set;
}

// Kernels and sandboxes without close_range(2).
void close_one_by_one() {
  auto* folder = ::opendir("/proc/self/fd");
  if (!folder)
    return;
  while (const auto* entry = ::readdir(folder))
    if (auto number = std::atoi(entry->d_name); number != ::dirfd(folder))
      ::close(number);
  ::closedir(folder);
}

// Whoever waits for the end of one of the agent's pipes must not wait for us.
void close_all() {
  if (::syscall(SYS_close_range, 0U, ~0U, 0) != 0)
    close_one_by_one();
}

// Reaps what has ended, but the child. Returns whether the child has: that
// stays a zombie, so that its number stays its own.
bool child_has_ended(pid_t child) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
      return true; // there is none at all
    if (ended.si_pid == 0)
      return false;
    if (ended.si_pid == child)
      return true;
    ::waitpid(ended.si_pid, nullptr, 0);
  }
}

void wait_for_an_end(pid_t agent, pid_t child) {
  auto awaited = set_of({SIGCHLD, agent_died});
  while (!child_has_ended(child) && ::getppid() == agent)
    ::sigwaitinfo(&awaited, nullptr);
}

// Returns the child's wait status.
int kill_all(pid_t child) {
  ::kill(-child, SIGKILL);
  std::optional<int> status;
  kill_children(steady_time::max(), {}, [&](pid_t pid, int how) {
    if (pid == child)
      status = how;
  });
  if (status)
    return *status;
  // Without /proc it was not found, nor was anybody else.
  int how = 0;
  return ::waitpid(child, &how, 0) == child ? how : 0;
}

[[noreturn]] void end_like(int status) {
  if (WIFSIGNALED(status)) {
    auto signal = WTERMSIG(status);
    ::prctl(PR_SET_DUMPABLE, 0); // no second core
    auto its_signal = set_of({signal});
    ::sigprocmask(SIG_UNBLOCK, &its_signal, nullptr);
    ::kill(::getpid(), signal);
    ::_exit(128 + signal);
  }
  ::_exit(WEXITSTATUS(status));
}

[[noreturn]] void guard(pid_t agent, pid_t child) {
  close_all();
  ::prctl(PR_SET_NAME, "agent-guard");
  ::prctl(PR_SET_PDEATHSIG, agent_died);
  wait_for_an_end(agent, child);
  end_like(kill_all(child));
}

} // namespace

bool fork_below_guard(pid_t agent) {
  // A group of its own, so that a SIGKILL to the agent's does not take it along
  // before its work is done.
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    return false;
  auto parent = ::getpid();
  auto child = ::fork();
  if (child < 0)
    return false;
  if (child > 0)
    guard(agent, child);
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return false;
  if (::getppid() != parent)
    ::_exit(127); // it died before that could take effect
  return true;
}

} // namespace container_agent::runtime
