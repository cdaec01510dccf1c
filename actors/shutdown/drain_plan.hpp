#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace container_agent {

/// How long each step of the shutdown may take. Docker sends SIGKILL after 10
/// s, and the defaults add up to less.
struct drain_timeouts {
  std::chrono::milliseconds turn{7000};      ///< for the turn in flight
  std::chrono::milliseconds interrupt{1000}; ///< for its end once interrupted
  std::chrono::milliseconds close{500};      ///< for the child, stdin closed
  std::chrono::milliseconds terminate{500};  ///< after SIGTERM
  std::chrono::milliseconds kill{250};       ///< after SIGKILL
  std::chrono::milliseconds flush{500};      ///< for the host to read the rest

  std::string validate() const;

  /// The most that all steps take together.
  std::chrono::milliseconds total() const;
};

/// The order in which the agent ends, as a table without actors or clocks:
///
/// | phase        | on entry                   | goes on when                 |
/// | ------------ | -------------------------- | ---------------------------- |
/// | running      |                            | begin                        |
/// | draining     | take no more prompts       | drained, child gone, time up |
/// | interrupting | interrupt the turn         | drained, child gone, time up |
/// | closing      | stop reading, close stdin  | child gone, time up          |
/// | terminating  | SIGTERM to the group       | child gone, time up          |
/// | killing      | SIGKILL to the group       | child gone, time up          |
/// | flushing     | flush the output           | flushed, time up [1]         |
/// | stopped      | stop the actors            |                              |
///
/// `drained` leads to closing, `child gone` to flushing, `time up` and a
/// further signal to the next phase. `leave` leads from running to flushing,
/// and Claude goes on without the agent. [1] The time begins again while the
/// host reads, until the total time of all phases is over. An event that does
/// not fit the phase changes nothing, so events may come late or twice.
class drain_plan {
public:
  enum class phase : std::uint8_t {
    running,
    draining,
    interrupting,
    closing,
    terminating,
    killing,
    flushing,
    stopped,
  };

  enum class event : std::uint8_t {
    begin,      ///< a signal, the end of the input, or a fault
    leave,      ///< only the agent ends
    drained,    ///< no turn in flight
    child_gone, ///< the child has ended, or there is none
    flushed,    ///< the output is written
    time_up,    ///< the phase's time has passed
  };

  explicit drain_plan(drain_timeouts timeouts) : timeouts_{timeouts} {}

  /// Handles an event. Returns true if it led to another phase, which must then
  /// be entered.
  bool apply(event e);

  phase now() const { return phase_; }

  /// How long all phases together may take.
  std::chrono::milliseconds total() const { return timeouts_.total(); }

  /// How long the present phase may take.
  std::chrono::milliseconds timeout() const;

private:
  phase after(event e) const;

  drain_timeouts timeouts_;
  phase phase_ = phase::running;
  bool child_gone_ = false;
};

std::string to_string(drain_plan::phase phase);

} // namespace container_agent
