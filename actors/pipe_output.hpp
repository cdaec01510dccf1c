#pragma once

#include "actors/agent_actor.hpp"
#include "actors/credit.hpp"
#include "actors/ports.hpp"

#include <chrono>

namespace container_agent {

struct pipe_output_config {
  /// How long a whole reply may wait for its reader; 0: for ever.
  std::chrono::milliseconds reply_timeout{0};

  std::string validate() const;
};

/// What outlives the actor.
struct pipe_output_resources {
  host_sink& sink;
  inbox from_conversation;
  std::uint64_t taken_bytes = 0; ///< for the sink
  std::uint64_t replies_begun = 0;
  std::uint64_t dropped_replies = 0;
};

/// Owns:          writing the host's output; what waits is the sink's
/// Receives from: conversation, the sink, health_monitor
/// Sends to:      conversation (credit), shutdown_coordinator
/// Dies when:     the output cannot be written (`output_failed`)
class pipe_output : public agent_actor<pipe_output_actor> {
public:
  pipe_output(caf::actor_config& config, pipe_output_resources& resources,
              pipe_output_config settings, actor_context context);

  const char* name() const override { return "pipe_output"; }

  void on_exit() override;

  /// Bytes that may wait in the sink before no more are asked for.
  static constexpr std::size_t max_pending = 128 * 1024;

protected:
  behavior_type make_behavior() override;

private:
  void take(const host_output& output);
  void write(const host_output& output);
  output_status status() const;
  void end_reply();
  void await_reader(std::uint64_t reply);
  void give_reply_up(std::uint64_t reply);
  void settle();

  pipe_output_resources& resources_;
  pipe_output_config config_;
  credit_line<host_output_window> credit_;
  bool flushing_ = false;
};

} // namespace container_agent
