#pragma once

#include "actors/core/ports.hpp"
#include "main/log/log_settings.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace container_agent {

/// The program's log: one line a record, JSON or text, to stderr or a file.
/// docs/logging.md is the manual.
///
/// Writing never waits. Lines that can't be written are counted, and when there
/// is room again, `log_lines_dropped` says how many before the next line.
class agent_log : public event_log {
public:
  /// For SIGHUP: opens the file again, under its name, so that it can be
  /// rotated. If that fails, logs so to the old one and returns false. No
  /// effect on stderr.
  virtual bool reopen() = 0;

  /// From now on lines are gathered and written together when there is nothing
  /// else to do: a turn then does not wait for its log. `schedule` is handed
  /// the work to be done then. Errors are written at once, with what waits.
  using scheduler = std::function<void(std::function<void()>)>;
  virtual void gather(scheduler schedule) = 0;

  /// Ends that, and writes what waits.
  virtual void stop_gathering() = 0;
};

/// The log's environment; tests have their own.
struct log_surroundings {
  int error_output = 2; ///< stderr; not closed
  std::function<std::chrono::system_clock::time_point()> now
    = std::chrono::system_clock::now;
  /// Colours if it is a terminal; off with NO_COLOR in the environment.
  bool colour = true;
};

/// Throws `std::runtime_error`, with a text for the user, if the log file can't
/// be opened.
std::unique_ptr<agent_log> make_event_log(const log_settings& settings,
                                          log_surroundings around = {});

} // namespace container_agent
