#include "main/shim/orphan_reaper.hpp"

#include "actors/core/loggers.hpp"
#include "main/shim/descendants.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>

namespace container_agent::runtime {

orphan_reaper::orphan_reaper(event_loop& loop, event_log& log,
                             managed_child& managed)
  : log_{log}, managed_{managed}, set_{loop.io(), SIGCHLD} {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  managed_.on_reaped([this] { reap(); });
  wait();
  // Some children may have ended already: a program that was this process
  // before exec(2) may have left them.
  loop.post([this] { reap(); });
}

orphan_reaper::~orphan_reaper() {
  managed_.on_reaped(nullptr);
}

void orphan_reaper::wait() {
  set_.async_wait([this](boost::system::error_code error, int) {
    if (error) // the object has gone
      return;
    wait();
    reap();
  });
}

// One signal may stand for many ends. Each ended child is looked at before it
// is reaped. An ended managed child hides those after it, until it is reaped
// itself.
void orphan_reaper::reap() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0
        || ended.si_pid == 0 || ended.si_pid == managed_.pid_to_spare())
      return;
    int status = 0;
    if (::waitpid(ended.si_pid, &status, WNOHANG) == ended.si_pid)
      report(ended.si_pid, status);
  }
}

void orphan_reaper::report(pid_t pid, int status) {
  if (WIFSIGNALED(status))
    log_.write(log_level::debug, loggers::agent, "orphan_reaped",
               {{"pid", std::int32_t{pid}}, {"signal", WTERMSIG(status)}});
  else
    log_.write(
      log_level::debug, loggers::agent, "orphan_reaped",
      {{"pid", std::int32_t{pid}}, {"exit_code", WEXITSTATUS(status)}});
}

void orphan_reaper::finish() {
  auto all = kill_children(kill_deadline(), {}, [this](pid_t pid, int status) {
    report(pid, status);
  });
  if (!all)
    log_.write(log_level::warn, loggers::agent, "processes_left",
               {{"count", std::uint64_t{children().size()}}});
}

} // namespace container_agent::runtime
