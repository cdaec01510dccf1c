#include "main/runtime/child_setup.hpp"

#include "main/runtime/guard.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace container_agent::runtime {

namespace {

constexpr int step_shift = 16;
constexpr int errno_mask = (1 << step_shift) - 1;

// The library sends `errno`, not what is returned.
boost::system::error_code failure_at(launch_step where) {
  errno |= static_cast<int>(where) << step_shift;
  return {errno, boost::system::system_category()};
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

// By the kernel's own call: glibc refuses the two signals that it keeps for
// itself, and whoever started the agent may have had them ignored. Refused for
// SIGKILL and SIGSTOP, as it should be.
void default_signal_actions() {
  std::array<unsigned long, 4> default_action{}; // struct kernel_sigaction
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr,
              (NSIG - 1) / 8);
}

} // namespace

launch_step step_of(const boost::system::error_code& error) {
  return static_cast<launch_step>(error.value() >> step_shift);
}

std::error_code error_of(const boost::system::error_code& error) {
  return {error.value() & errno_mask, std::generic_category()};
}

child_setup::child_setup(const child_command& command,
                         std::array<int, 3> descriptors, int pid_writer)
  : directory_{command.directory},
    descriptors_{descriptors},
    pid_writer_{pid_writer},
    agent_{::getpid()} {
  for (const auto& variable : command.environment)
    environment_.push_back(variable.c_str());
  environment_.push_back(nullptr);
}

boost::system::error_code child_setup::become_child() {
  default_signal_actions();
  if (!fork_below_guard(agent_) || !take_descriptors() || !tell_number())
    return failure_at(launch_step::setup);
  close_all_but_three_on_exec();
  if (!directory_.empty() && ::chdir(directory_.c_str()) != 0)
    return failure_at(launch_step::directory);
  // Last: a signal that was held back until now ends the child here.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return {};
}

bool child_setup::take_descriptors() const {
  for (int number = 0; number < 3; ++number)
    if (::dup2(descriptors_[number], number) < 0)
      return false;
  return true;
}

bool child_setup::tell_number() const {
  auto number = ::getpid();
  return ::write(pid_writer_, &number, sizeof(number)) == sizeof(number);
}

void child_setup::leave() {
  ::_exit(127);
}

} // namespace container_agent::runtime
