#pragma once

#include "actors/core/ports.hpp"
#include "main/cli/options.hpp"
#include "main/loop/event_loop.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace container_agent {

/// The whole agent: ports, what is lent to the actors, and the actors. It is
/// the only place that knows how they are connected.
class agent {
public:
  /// Opens the pipes. Throws `runtime::fifo_error`. `environment` is the
  /// child's, NAME=VALUE.
  agent(runtime::event_loop& loop, event_log& log, const options& settings,
        std::vector<std::string> environment);
  agent(const agent&) = delete;
  agent& operator=(const agent&) = delete;
  ~agent();

  /// Starts the actors and runs the loop until they have ended. Returns the
  /// process's exit code. Throws whatever escapes an actor.
  std::int32_t run();

  /// For a signal: begins the shutdown, or hurries one that has begun.
  void shut_down(std::string reason);

  /// The same, but a Claude that is to be kept (`--keep-claude`) stays. If the
  /// agent is process 1, only the session's state stays for the next agent.
  void upgrade(std::string reason);

  /// The same, but without waiting for the turn in flight.
  void shut_down_now(std::string reason);

  /// Passes a signal on to the child's process group, if there is a child.
  void forward(int signal);

  /// Writes what is known of the latest messages to a file; see
  /// docs/observability.md.
  void dump_trace(std::string_view reason);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace container_agent
