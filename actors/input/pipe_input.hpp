#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace container_agent {

/// What outlives the actor: the FIFO's reading end, its log, and its progress.
struct pipe_input_resources {
  pipe_input_resources(inlet& from, stream_log& into, bool ends_with_writer)
    : source{from}, log{into}, exit_on_eof{ends_with_writer} {}

  inlet& source;
  stream_log& log;
  bool exit_on_eof; ///< the input ends with its last writer

  std::uint64_t cut_at = 0; ///< where the last writer left; 0: nowhere
  bool moving = false;      ///< a move is under way
  bool finished = false;    ///< no more will be read
  bool goes_on = false;    ///< … by this agent: half a line is the next one's
  bool held = false;       ///< the log's disk is full: moved again later
  std::error_code error{}; ///< that ends the actor, once it is told
};

/// Owns:          moving the host's input into its log
/// Receives from: conversation (how far it has read), the input,
///                shutdown_coordinator, health_monitor
/// Sends to:      conversation
/// Dies when:     the input can't be read (`input_failed`)
class pipe_input : public agent_actor<pipe_input_actor> {
public:
  pipe_input(caf::actor_config& config, pipe_input_resources& resources,
             actor_context context);

  const char* name() const override { return "pipe_input"; }

  void on_exit() override;

  /// Pause before writing is tried again while a disk is full.
  static constexpr std::chrono::milliseconds retry_pause{1000};

protected:
  behavior_type make_behavior() override;

private:
  void advance();
  void move();
  void tell_end();
  void note_trouble();

  pipe_input_resources& resources_;
  input_window window_;
  bool told_ = false;     // the conversation knows the input's end
  bool troubled_ = false; // was logged
  std::optional<caf::actor_clock::time_point> retry_at_; // while it is held
};

} // namespace container_agent
