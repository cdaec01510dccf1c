#pragma once

#include "actors/child/child_link.hpp"
#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"

#include <chrono>
#include <optional>

namespace container_agent {

/// Owns:          the child process; it and its bytes are the `child_link`'s,
///                so that a new claude_process adopts a child that still runs
/// Receives from: conversation, the child, shutdown_coordinator, health_monitor
/// Sends to:      conversation
/// Dies when:     the child has ended and all it said is in the log: with
///                `child_ended` if nobody asked it to, with `child_renewed` if
///                it shall be started again, else in peace; when it cannot be
///                started (`launch_failed`) and is not worth waiting for (see
///                `launch_patience`). Where children are only attached to, it
///                lives on and the next one is waited for
class claude_process : public agent_actor<claude_process_actor> {
public:
  claude_process(caf::actor_config& config, child_link& link,
                 actor_context context);

  const char* name() const override { return "claude_process"; }

  void on_exit() override;

  /// How long the output of a child that has ended may stay open: all that it
  /// had started was killed with it, so only one that may not be killed (a
  /// program of another user) can hold it.
  static constexpr std::chrono::milliseconds linger_timeout{500};

  /// How long a child may live on whose stdout is closed: normally it is about
  /// to end.
  static constexpr std::chrono::milliseconds mute_timeout{500};

  /// How long a child that shall be renewed has to end, first after its stdin
  /// was closed, then after SIGTERM; as Claude's own SDKs have it.
  static constexpr std::chrono::seconds renewal_timeout{5};

  /// How long a child may live on after SIGKILL: what is killed is gone at
  /// once, unless it waits for a device in the kernel.
  static constexpr std::chrono::seconds kill_timeout{5};

  /// Between two tries to write, while a disk is full.
  static constexpr std::chrono::milliseconds retry_pause{1000};

protected:
  behavior_type make_behavior() override;

private:
  void start_child(const launch_child& how);
  void launch_has_failed(const launch_child& how,
                         const child_process::launch_result& result);
  void take_peers(const peers_changed& now);
  void advance();
  void tell_child();
  void tell_progress();
  void renew(const renew_child& how);
  void hurry_renewal(int signal);
  void await(std::chrono::milliseconds time, std::uint64_t what);
  void take_deadline(std::uint64_t what);
  void watch_lingering();
  void end_if_concluded();

  child_link& link_;
  std::uint64_t output_limit_ = 0; // of what is wanted of the child
  std::uint64_t told_output_ = 0;
  std::uint64_t told_input_ = 0;
  std::optional<launch_child> awaited_; // nothing to attach to or start yet
  bool retry_due_ = false;              // of a launch that has failed
  bool write_due_ = false;              // to a disk that was full
  std::uint64_t lingering_since_ = 0;   // the read that was waited for
  bool mute_ = false;                   // noticed, and its time runs
  bool survivor_watched_ = false;       // likewise
};

} // namespace container_agent
