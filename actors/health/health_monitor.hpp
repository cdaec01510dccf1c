#pragma once

#include "actors/core/agent_actor.hpp"
#include "actors/core/ports.hpp"
#include "actors/health/health_state.hpp"
#include "messages/records/status_document.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace container_agent {

struct health_monitor_config {
  /// Time between two look rounds; 0: only when somebody asks.
  std::chrono::milliseconds interval{10'000};

  /// Restart Claude between two turns when it uses more memory; 0: never.
  std::uint64_t max_claude_rss = 0;

  std::string validate() const;
};

/// What outlives the actor.
struct health_history {
  std::optional<caf::actor_clock::time_point> started;
  std::string state = "starting";
  bool was_ready = false;
  std::uint64_t restart_asked = 0; ///< the child's generation, over its limit
};

/// Owns:          the status document, built anew for each request; the verdict
///                on it is `judge`'s (actors/health/health_state.hpp)
/// Receives from: conversation, control, its own tick
/// Sends to:      all others (questions), supervisor (`restart_claude`)
/// Dies when:     never by itself
///
/// A look round sends one question to each actor, all at once. On this one
/// thread the answers arrive within microseconds, so no timer is needed: an
/// actor that has not answered by the next tick is silent. A deadline is set
/// only while somebody waits for the document, so an idle agent wakes up once a
/// tick.
class health_monitor : public agent_actor<health_monitor_actor> {
public:
  /// `processes` may be null.
  health_monitor(caf::actor_config& config,
                 std::shared_ptr<health_history> history,
                 process_probe* processes, health_monitor_config settings,
                 actor_context context);

  const char* name() const override { return "health_monitor"; }

  void on_exit() override;

  /// How long an actor may take to answer. It only has to be scheduled.
  static constexpr std::chrono::seconds answer_timeout{1};

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  caf::result<health_report> report();
  void tick();
  void begin_round();
  template <class Peer, class Query, class Answer>
  void ask(std::string who, const Peer& peer, Query query,
           Answer codec::status_facts::*into);
  void close(const std::string& who);
  void give_up_waiting();
  void end_round();
  void look_at_processes();
  void watch_memory();

  std::shared_ptr<health_history> history_;
  process_probe* processes_;
  health_monitor_config config_;
  codec::status_facts facts_;
  std::set<std::string> unanswered_; // of the round that is under way
  std::uint64_t round_ = 0;          // tells late answers apart
  time_point round_began_;
  time_point tick_due_;
  std::optional<std::chrono::milliseconds> loop_lag_;
  std::vector<caf::typed_response_promise<health_report>> waiting_;
};

} // namespace container_agent
