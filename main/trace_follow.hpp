#pragma once

#include <iosfwd>
#include <string>

namespace container_agent {

/// What of a live trace is shown, and how.
struct follow_filter {
  std::string actor;
  std::string type;
  std::string prompt; ///< uuid or trace id
  bool json = false;  ///< the lines as they are
};

/// Shows what the agent behind this control socket has in memory, and then what
/// it does, event by event, until it ends or `out` is gone. Exit code: 0; 1 if
/// it can't be asked.
int follow_trace(const std::string& control_socket, const follow_filter& filter,
                 std::ostream& out, std::ostream& err);

} // namespace container_agent
