#pragma once

#include "actors/core/ports.hpp"
#include "main/process/launch_failure.hpp"
#include "main/shim/shim.hpp"

#include <boost/system/error_code.hpp>

#include <array>
#include <string>
#include <system_error>
#include <vector>

/// What happens between fork(2) and exec(2), for Boost.Process to call.
namespace container_agent::runtime {

/// What Boost.Process passes from the child to us is an errno; its upper half
/// is the step.
launch_step step_of(const boost::system::error_code& error);
std::error_code error_of(const boost::system::error_code& error);

/// The hooks: the first is called here, the others in the child. `descriptors`
/// become its stdin, stdout and stderr.
class child_setup {
public:
  child_setup(const child_command& command, std::array<int, 3> descriptors,
              const shim_plan& plan);

  template <class Launcher, class Path>
  boost::system::error_code on_setup(Launcher& launcher, const Path&,
                                     const char* const*&) {
    launcher.env = environment_.data();
    return {};
  }

  /// Three processes come in here one after the other: see `fork_below_shim`.
  template <class Launcher, class Path>
  boost::system::error_code on_exec_setup(Launcher&, const Path&,
                                          const char* const*&) {
    return become_child();
  }

  // Without this the library calls exit(3): our atexit handlers, twice.
  // Variadic, else the library's trait does not see it.
  template <class... Args>
  void on_exec_error(Args&&...) {
    leave();
  }

private:
  boost::system::error_code become_child();
  [[noreturn]] static void leave();

  std::string directory_;
  std::array<int, 3> descriptors_;
  std::vector<const char*> environment_;
  const shim_plan& plan_;
};

} // namespace container_agent::runtime
