#pragma once

#include "actors/child/child_link.hpp"
#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"

#include <chrono>
#include <optional>

namespace container_agent {

/// Owns:          the child process. The `child_link` holds it and its bytes,
///                so a new claude_process adopts a child that still runs
/// Receives from: conversation, the child, shutdown_coordinator, health_monitor
/// Sends to:      conversation
/// Dies when:     the child has ended and all its output is in the log: with
///                `child_ended` if nobody asked it to end, with `child_renewed`
///                if it is to be started again, otherwise normally. Also if the
///                child can't be started (`launch_failed`) and is not worth
///                waiting for (see `launch_patience`). In attach-only mode it
///                lives on and waits for the next child
class claude_process : public agent_actor<claude_process_actor> {
public:
  claude_process(caf::actor_config& config, child_link& link,
                 actor_context context);

  const char* name() const override { return "claude_process"; }

  void on_exit() override;

  /// How long the output of an ended child may stay open. Everything the child
  /// had started was killed with it, so only a process that may not be killed
  /// (a program of another user) can hold it open.
  static constexpr std::chrono::milliseconds linger_timeout{500};

  /// How long a child may run after it closed its stdout; normally it is about
  /// to end.
  static constexpr std::chrono::milliseconds mute_timeout{500};

  /// How long a child that is to be renewed has to end: once after its stdin
  /// was closed, once more after SIGTERM. Claude's own SDKs use the same time.
  static constexpr std::chrono::seconds renewal_timeout{5};

  /// How long a child may live after SIGKILL. It normally dies at once, unless
  /// it waits for a device in the kernel.
  static constexpr std::chrono::seconds kill_timeout{5};

  /// Pause before writing is tried again while a disk is full.
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
  std::uint64_t output_limit_ = 0; // of the output that is wanted
  std::uint64_t told_output_ = 0;
  std::uint64_t told_input_ = 0;
  std::optional<launch_child> awaited_; // nothing to attach to or start yet
  bool retry_due_ = false;              // after a launch that failed
  bool write_due_ = false;              // after a write to a full disk
  std::uint64_t lingering_since_ = 0;   // number of the read waited for
  bool mute_ = false;                   // noticed; its timer runs
  bool survivor_watched_ = false;       // likewise
};

} // namespace container_agent
