#pragma once

#include "actors/agent_actor.hpp"
#include "actors/line_reader.hpp"
#include "actors/ports.hpp"

#include <chrono>
#include <optional>

namespace container_agent {

/// Owns:          reading the host's input; what was read is the reader's
/// Receives from: conversation (credit), the reader, shutdown_coordinator
/// Sends to:      conversation
/// Dies when:     the input cannot be read (`input_failed`)
class pipe_input : public agent_actor<pipe_input_actor> {
public:
  pipe_input(caf::actor_config& config, line_reader& reader,
             actor_context context);

  const char* name() const override { return "pipe_input"; }

  void on_exit() override;

  /// Between two tries to read, while something outside keeps it from that.
  static constexpr std::chrono::milliseconds retry_pause{1000};

protected:
  behavior_type make_behavior() override;

private:
  void advance();
  void note_trouble();

  line_reader& reader_;
  bool troubled_ = false;                                // the log knows
  std::optional<caf::actor_clock::time_point> retry_at_; // while it is held
};

} // namespace container_agent
