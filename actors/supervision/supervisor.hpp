#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/supervision/supervision.hpp"

#include <chrono>
#include <string>

namespace container_agent {

/// Owns:          its children's lives: starts them in order, restarts each one
///                that fails (one_for_one), stops them in reverse order. Its
///                knowledge of them is kept in the `supervision`
/// Receives from: shutdown_coordinator, health_monitor, control, the runtime
///                (downs and signals)
/// Sends to:      all children (`peers_changed`), conversation,
///                shutdown_coordinator (gave up)
/// Dies when:     all children have stopped. If it fails before that, the
///                `supervision` starts the next one over the same children
class supervisor : public agent_actor<supervisor_actor> {
public:
  supervisor(caf::actor_config& config, supervision& lent);

  const char* name() const override { return "supervisor"; }

  /// After the shutdown_coordinator or the supervisor itself was given up: how
  /// long the other actors have to tell the host what became of its prompts. It
  /// is as long as the last step of a shutdown.
  static constexpr std::chrono::milliseconds last_words_timeout{500};

protected:
  behavior_type make_behavior() override;

private:
  using child = supervision::child;

  void start_all();
  bool start(child& c);
  void introduce_all();
  void restart(const restart_child& r);
  std::string refusal();
  caf::error refuse(const restart_claude& wish, const std::string& why);
  void restart_on_request(const restart_claude& wish);
  void shut_down(begin_shutdown why);
  void start_waiting();
  void take_down(const caf::down_msg& down);
  void take_peace(child& c);
  void take_failure(child& c, const caf::error& reason);
  void start_later(child& c, restart_scheduled plan, const caf::error& reason);
  void remind_of(const child& c);
  void give_up(child& c, const std::string& reason, std::int32_t code);
  void end_agent(const child& c, std::string reason, std::int32_t code);
  void end_alone(std::int32_t code);
  void stop_next();
  supervisor_status status() const;

  supervision& lent_;
};

} // namespace container_agent
