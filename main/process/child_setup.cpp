#include "main/process/child_setup.hpp"

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

// The library sends `errno`, not the returned error.
boost::system::error_code failure_at(launch_step where) {
  errno |= static_cast<int>(where) << step_shift;
  return {errno, boost::system::system_category()};
}

// Sets all signals to their default, whatever the agent's parent had ignored.
// Calls the kernel directly, because glibc refuses the two signals that it
// reserves. Fails for SIGKILL and SIGSTOP, as intended.
void default_signal_actions() {
  std::array<unsigned long, 4> default_action{}; // struct kernel_sigaction
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr,
              (NSIG - 1) / 8);
}

// A signal that was blocked until now ends the process here.
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

// For kernels and sandboxes without close_range(2).
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

// Closes them at exec(2) only: an earlier close would include the pipe that
// reports a failure.
void close_all_but_three_on_exec() {
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    close_on_exec_one_by_one();
}

} // namespace

launch_step step_of(const boost::system::error_code& error) {
  return static_cast<launch_step>(error.value() >> step_shift);
}

std::error_code error_of(const boost::system::error_code& error) {
  return {error.value() & errno_mask, std::generic_category()};
}

child_setup::child_setup(const child_command& command,
                         std::array<int, 3> descriptors, const shim_plan& plan)
  : directory_{command.directory}, descriptors_{descriptors}, plan_{plan} {
  for (const auto& variable : command.environment)
    environment_.push_back(variable.c_str());
  environment_.push_back(nullptr);
}

boost::system::error_code child_setup::become_child() {
  default_signal_actions();
  if (!fork_below_shim(plan_) || !take_streams(descriptors_))
    return failure_at(launch_step::setup);
  close_all_but_three_on_exec();
  if (!directory_.empty() && ::chdir(directory_.c_str()) != 0)
    return failure_at(launch_step::directory);
  unblock_all_signals(); // last
  return {};
}

void child_setup::leave() {
  ::_exit(127);
}

} // namespace container_agent::runtime
