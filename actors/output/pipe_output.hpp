#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"

#include <chrono>

namespace container_agent {

struct pipe_output_config {
  /// How long a whole reply may wait for a reader; 0: for ever.
  std::chrono::milliseconds reply_timeout{0};

  std::string validate() const;
};

/// What outlives the actor.
struct pipe_output_resources {
  host_outlet& outlet;
  std::uint64_t first = 0; ///< the outlet's position at the agent's start
  std::uint64_t limit = 0; ///< the outlet may move up to here
  std::uint64_t replies_begun = 0;
  std::uint64_t dropped_replies = 0;

  explicit pipe_output_resources(host_outlet& o)
    : outlet{o}, first{o.position()}, limit{first} {}
};

/// Owns:          moving the host's output from its log into the FIFO
/// Receives from: conversation, the output, health_monitor
/// Sends to:      conversation (how far the outlet has come),
///                shutdown_coordinator
/// Dies when:     the output can't be written (`output_failed`)
class pipe_output : public agent_actor<pipe_output_actor> {
public:
  pipe_output(caf::actor_config& config, pipe_output_resources& resources,
              pipe_output_config settings, actor_context context);

  const char* name() const override { return "pipe_output"; }

  void on_exit() override;

  /// 64 KiB: how far the output gets between two reports to the conversation,
  /// which uses them only to release the logs.
  static constexpr std::uint64_t told_step = 64 * 1024;

protected:
  behavior_type make_behavior() override;

private:
  output_status status() const;
  void await_readers();
  void await_reader(std::uint64_t reply);
  void give_reply_up(std::uint64_t reply);
  void settle();

  pipe_output_resources& resources_;
  pipe_output_config config_;
  std::uint64_t told_ = 0;
  bool flushing_ = false;
};

} // namespace container_agent
