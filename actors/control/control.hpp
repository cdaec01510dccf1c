#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace container_agent {

struct control_config {
  /// How long an ordered shutdown may take; told to the client that asks for
  /// one.
  std::chrono::milliseconds stop_at_most{0};

  std::string validate() const;
};

/// Owns:          nothing; the port owns the socket. Requests wait while there
///                is no control actor, and the next one repeats those it was
///                handling
/// Receives from: the control port, health_monitor
/// Sends to:      supervisor (`begin_shutdown`, `restart_claude`),
///                conversation (`interrupt_claude`), health_monitor
/// Dies when:     never by itself
class control : public agent_actor<control_actor> {
public:
  control(caf::actor_config& config, control_port& port,
          control_config settings, actor_context context);

  const char* name() const override { return "control"; }

  void on_exit() override;

  /// A request during which the control actor, or the supervisor that was
  /// asked, has died this often may be the cause. It gets an error; otherwise
  /// one client could make the agent give up restarting.
  static constexpr std::uint32_t max_attempts = 2;

protected:
  behavior_type make_behavior() override;

private:
  void serve();
  void handle(const control_port::request& request);
  void ask_for_status(std::uint64_t id);
  template <class Order>
  void order(const control_port::request& request, Order what,
             std::string done);
  void interrupt_turn_of(const control_port::request& request);
  void ask_again(control_port::request request, const caf::actor_addr& asked);

  control_port& port_;
  control_config config_;
  std::set<std::uint64_t> status_wanted_;   // that wait for the status
  std::vector<control_port::request> lost_; // wait for a supervisor
};

} // namespace container_agent
