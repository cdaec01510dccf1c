#include "main/runtime/orphan_reaper.hpp"

#include "actors/loggers.hpp"
#include "main/runtime/descendants.hpp"

#include <sys/wait.h>

#include <chrono>
#include <csignal>

namespace container_agent::runtime {

namespace {

constexpr std::chrono::seconds kill_limit{1};

} // namespace

orphan_reaper::orphan_reaper(event_loop& loop, event_log& log,
                             posix_child_process* managed)
  : log_{log}, managed_{managed}, set_{loop.io(), SIGCHLD} {
  if (managed_)
    managed_->on_reaped([this] { reap(); });
  wait();
  // Some may have ended before: whoever was this process before its exec(2)
  // has left them.
  loop.post([this] { reap(); });
}

orphan_reaper::~orphan_reaper() {
  if (managed_)
    managed_->on_reaped(nullptr);
}

void orphan_reaper::wait() {
  set_.async_wait([this](boost::system::error_code error, int) {
    if (error) // the object has gone
      return;
    wait();
    reap();
  });
}

// One signal may stand for many ends. What has ended is looked at before it is
// taken; the managed child hides those after it, but only until it was reaped.
void orphan_reaper::reap() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0
        || ended.si_pid == 0
        || (managed_ && ended.si_pid == managed_->guard_pid()))
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
  auto until = std::chrono::steady_clock::now() + kill_limit;
  auto all = kill_children(
    until, {}, [this](pid_t pid, int status) { report(pid, status); });
  if (!all)
    log_.write(log_level::warn, loggers::agent, "processes_left",
               {{"count", std::uint64_t{children().size()}}});
}

} // namespace container_agent::runtime
