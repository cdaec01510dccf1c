#pragma once

#include "actors/core/ports.hpp"
#include "main/process/launch_failure.hpp"
#include "main/shim/shim.hpp"

#include <boost/system/error_code.hpp>

#include <array>
#include <string>
#include <system_error>
#include <vector>

/// What happens between fork(2) and exec(2); called by Boost.Process.
namespace container_agent::runtime {

/// Boost.Process passes an errno from the child to us; its upper half holds the
/// step that failed.
launch_step step_of(const boost::system::error_code& error);
std::error_code error_of(const boost::system::error_code& error);

/// The hooks. The first one is called in the agent, the others in the child.
/// `descriptors` become the child's stdin, stdout and stderr.
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

  /// Three processes enter here one after the other: see `fork_below_shim`.
  template <class Launcher, class Path>
  boost::system::error_code on_exec_setup(Launcher&, const Path&,
                                          const char* const*&) {
    return become_child();
  }

  // Without this the library would call exit(3), and our atexit handlers would
  // run twice. The library's trait detects it only if it is variadic.
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
