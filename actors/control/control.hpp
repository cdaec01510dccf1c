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
  /// What the ordered shutdown may take; told to whoever asks for it.
  std::chrono::milliseconds stop_at_most{0};

  std::string validate() const;
};

/// Owns:          nothing; the socket is the port's: requests wait while there
///                is no control actor, and those it had are asked again
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

  /// A request that has met this many deaths of the control actor, or of the
  /// supervisor that was asked, may be their cause: it gets an error, or the
  /// agent would give up restarting because of one client.
  static constexpr std::uint32_t max_attempts = 2;

protected:
  behavior_type make_behavior() override;

private:
  void serve();
  void take(const control_port::request& request);
  void ask_for_status(std::uint64_t id);
  template <class Order>
  void order(const control_port::request& request, Order what,
             std::string done);
  void interrupt_turn_of(const control_port::request& request);
  void ask_again(control_port::request request, const caf::actor_addr& asked);

  control_port& port_;
  control_config config_;
  std::set<std::uint64_t> status_wanted_;   // requests that wait for it
  std::vector<control_port::request> lost_; // wait for the next supervisor
};

} // namespace container_agent
