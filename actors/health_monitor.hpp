#pragma once

#include "actors/agent_actor.hpp"
#include "actors/ports.hpp"
#include "messages/codec/status_document.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace container_agent {

struct health_monitor_config {
  /// Between two looks round; 0: only when somebody asks.
  std::chrono::milliseconds interval{10'000};

  std::string validate() const;
};

/// What state the agent is in:
///
/// | state    | when                                                        |
/// | -------- | ----------------------------------------------------------- |
/// | starting | Claude was not ready yet                                    |
/// | ready    | Claude takes prompts, and none is in flight                 |
/// | busy     | a turn is in flight                                         |
/// | degraded | Claude is away, was restarted within the window, or an actor |
/// |          | did not answer                                              |
/// | failed   | neither conversation nor claude_process answered            |
std::string judge(const codec::status_facts& facts, bool was_ready,
                  std::size_t silent_core_actors);

/// Owns:          the status document, made anew each time it is asked for
/// Receives from: conversation, its own tick
/// Sends to:      conversation, claude_process, pipe_output, supervisor
/// Dies when:     never by itself
class health_monitor : public agent_actor<health_monitor_actor> {
public:
  health_monitor(caf::actor_config& config, health_monitor_config settings,
                 actor_context context);

  const char* name() const override { return "health_monitor"; }

  void on_exit() override;

  /// How long an actor may take to answer. It has only to be scheduled for it.
  static constexpr std::chrono::seconds answer_timeout{1};

protected:
  behavior_type make_behavior() override;

private:
  void tick();
  void begin_round();
  template <class Peer, class Query, class Answer>
  void ask(std::string who, const Peer& peer, Query query,
           Answer codec::status_facts::*into, bool core);
  void end_round();

  health_monitor_config config_;
  caf::actor_clock::time_point started_;
  codec::status_facts facts_;
  std::string state_ = "starting";
  bool was_ready_ = false;
  std::size_t unanswered_ = 0; // of the round that is under way
  std::size_t silent_core_ = 0;
  std::vector<caf::typed_response_promise<health_report>> waiting_;
};

} // namespace container_agent
