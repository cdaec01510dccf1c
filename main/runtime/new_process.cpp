#include "main/runtime/new_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace container_agent::runtime {

namespace {

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

} // namespace

// By the kernel's own call: glibc refuses the two signals that it keeps for
// itself. Refused for SIGKILL and SIGSTOP, as it should be.
void default_signal_actions() {
  std::array<unsigned long, 4> default_action{}; // struct kernel_sigaction
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr,
              (NSIG - 1) / 8);
}

void unblock_all_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool take_streams(const std::array<int, 3>& descriptors) {
  for (int number = 0; number < 3; ++number)
    if (::dup2(descriptors[static_cast<std::size_t>(number)], number) < 0)
      return false;
  return true;
}

// Closing at once would take along the pipe on which a failure is told.
void close_all_but_three_on_exec() {
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    close_on_exec_one_by_one();
}

} // namespace container_agent::runtime
