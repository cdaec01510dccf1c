#include "main/runtime/child_setup.hpp"

#include "main/runtime/guard.hpp"
#include "main/runtime/new_process.hpp"

#include <unistd.h>

#include <cerrno>

namespace container_agent::runtime {

namespace {

constexpr int step_shift = 16;
constexpr int errno_mask = (1 << step_shift) - 1;

// The library sends `errno`, not what is returned.
boost::system::error_code failure_at(launch_step where) {
  errno |= static_cast<int>(where) << step_shift;
  return {errno, boost::system::system_category()};
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
  if (!fork_below_guard(agent_) || !take_streams(descriptors_)
      || !tell_number())
    return failure_at(launch_step::setup);
  close_all_but_three_on_exec();
  if (!directory_.empty() && ::chdir(directory_.c_str()) != 0)
    return failure_at(launch_step::directory);
  unblock_all_signals(); // last
  return {};
}

bool child_setup::tell_number() const {
  auto number = ::getpid();
  return ::write(pid_writer_, &number, sizeof(number)) == sizeof(number);
}

void child_setup::leave() {
  ::_exit(127);
}

} // namespace container_agent::runtime
