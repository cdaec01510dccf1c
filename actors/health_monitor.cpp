#include "actors/health_monitor.hpp"

#include "messages/type_ids.hpp"

#include <utility>

namespace container_agent {

std::string health_monitor_config::validate() const {
  return interval.count() < 0 ? "the health interval must not be negative" : "";
}

std::string judge(const codec::status_facts& facts, bool was_ready,
                  std::size_t silent_core_actors) {
  if (silent_core_actors >= 2)
    return "failed";
  if (!facts.silent.empty())
    return "degraded";
  if (!facts.conversation.ready)
    return was_ready || facts.supervisor.restarts_in_window > 0 ? "degraded"
                                                                : "starting";
  if (facts.supervisor.restarts_in_window > 0)
    return "degraded";
  return facts.conversation.in_flight > 0 ? "busy" : "ready";
}

health_monitor::health_monitor(caf::actor_config& config,
                               health_monitor_config settings,
                               actor_context context)
  : agent_actor{config, context}, config_{settings}, started_{clock().now()} {}

health_monitor::behavior_type health_monitor::make_behavior() {
  if (config_.interval.count() > 0)
    delayed_send(this, config_.interval, health_tick{});
  return {
    [this](const get_health&) -> caf::result<health_report> {
      auto promise = make_response_promise<health_report>();
      waiting_.push_back(promise);
      begin_round();
      return promise;
    },
    [this](const health_tick&) { tick(); },
    [this](const peers_changed& now) { meet(now); },
  };
}

void health_monitor::on_exit() {
  waiting_.clear(); // promises hold the actor that made them
  agent_actor::on_exit();
}

void health_monitor::tick() {
  begin_round();
  delayed_send(this, config_.interval, health_tick{});
}

void health_monitor::begin_round() {
  if (unanswered_ > 0)
    return; // one is under way, and serves all who ask
  facts_ = {};
  silent_core_ = 0;
  unanswered_ = 4;
  using facts = codec::status_facts;
  ask("conversation", peers().conversation, get_conversation_status{},
      &facts::conversation, true);
  ask("claude_process", peers().claude_process, get_child_status{},
      &facts::child, true);
  ask("pipe_output", peers().pipe_output, get_output_status{}, &facts::output,
      false);
  ask("supervisor", peers().supervisor, get_supervisor_status{},
      &facts::supervisor, false);
}

template <class Peer, class Query, class Answer>
void health_monitor::ask(std::string who, const Peer& peer, Query query,
                         Answer codec::status_facts::*into, bool core) {
  auto done = [this] {
    if (--unanswered_ == 0)
      end_round();
  };
  // An actor that waits for its restart is the supervisor's business, and shows
  // in its figures.
  if (!peer)
    return done();
  request(peer, answer_timeout, query)
    .then(
      [this, into, done](const Answer& answer) {
        facts_.*into = answer;
        done();
      },
      [this, done, who, core](const caf::error&) {
        facts_.silent += facts_.silent.empty() ? who : ',' + who;
        silent_core_ += core ? 1 : 0;
        done();
      });
}

void health_monitor::end_round() {
  was_ready_ = was_ready_ || facts_.conversation.ready;
  facts_.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock().now()
                                                                   - started_);
  facts_.state = judge(facts_, was_ready_, silent_core_);
  if (auto before = std::exchange(state_, facts_.state); before != state_)
    context_.log.write(
      log_level::info, name(), "state_changed",
      {{"from", before}, {"to", state_}, {"silent", facts_.silent}});
  health_report report{state_, codec::status_document(facts_)};
  for (auto& promise : std::exchange(waiting_, {}))
    promise.deliver(report);
}

} // namespace container_agent
