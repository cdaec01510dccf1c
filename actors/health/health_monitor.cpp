#include "actors/health/health_monitor.hpp"

#include "messages/type_ids.hpp"

#include <utility>

namespace container_agent {

namespace {

std::chrono::milliseconds in_ms(caf::actor_clock::duration_type time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

} // namespace

std::string health_monitor_config::validate() const {
  if (interval.count() < 0)
    return "the health interval must not be negative";
  if (max_claude_rss > 0 && interval.count() == 0)
    return "a limit of Claude's memory needs a health interval";
  return {};
}

health_monitor::health_monitor(caf::actor_config& config,
                               std::shared_ptr<health_history> history,
                               process_probe* processes,
                               health_monitor_config settings,
                               actor_context context)
  : agent_actor{config, context},
    history_{std::move(history)},
    processes_{processes},
    config_{settings} {}

health_monitor::behavior_type health_monitor::make_behavior() {
  auto now = clock().now();
  if (!history_->started)
    history_->started = now;
  tick_due_ = now + config_.interval;
  if (config_.interval.count() > 0)
    delayed_send(this, config_.interval, health_tick{});
  return {
    [this](const get_health&) { return report(); },
    [this](const health_tick&) { tick(); },
    [this](const deadline_passed& deadline) {
      if (deadline.id == round_)
        give_up_waiting();
    },
    [this](const peers_changed& now) { meet(now); },
  };
}

void health_monitor::on_exit() {
  waiting_.clear(); // promises would keep this actor alive
  agent_actor::on_exit();
}

caf::result<health_report> health_monitor::report() {
  auto promise = make_response_promise<health_report>();
  waiting_.push_back(promise);
  if (unanswered_.empty())
    begin_round();
  // One round serves all clients that ask meanwhile, and needs one deadline.
  if (!unanswered_.empty() && waiting_.size() == 1)
    delayed_send(this, answer_timeout, deadline_passed{round_});
  return promise;
}

void health_monitor::tick() {
  auto now = clock().now();
  loop_lag_ = in_ms(now - tick_due_);
  tick_due_ = now + config_.interval;
  delayed_send(this, config_.interval, health_tick{});
  if (!unanswered_.empty() && now - round_began_ >= answer_timeout)
    give_up_waiting();
  if (unanswered_.empty())
    begin_round();
}

void health_monitor::begin_round() {
  facts_ = {};
  ++round_;
  round_began_ = clock().now();
  using facts = codec::status_facts;
  ask("conversation", peers().conversation, get_conversation_status{},
      &facts::conversation);
  ask("claude_process", peers().claude_process, get_child_status{},
      &facts::child);
  ask("pipe_input", peers().pipe_input, get_input_status{}, &facts::input);
  ask("pipe_output", peers().pipe_output, get_output_status{}, &facts::output);
  ask("supervisor", peers().supervisor, get_supervisor_status{},
      &facts::supervisor);
  ask("shutdown_coordinator", peers().shutdown_coordinator,
      get_shutdown_status{}, &facts::shutdown);
  ask("control", peers().control, get_control_status{}, &facts::control);
  if (unanswered_.empty())
    end_round();
}

// Skips an actor that waits for its restart; the supervisor's figures show it.
// There is no time limit, because CAF keeps a request's timeout pending after
// the answer has come, and each one would wake the process up later.
template <class Peer, class Query, class Answer>
void health_monitor::ask(std::string who, const Peer& peer, Query query,
                         Answer codec::status_facts::*into) {
  if (!peer)
    return;
  unanswered_.insert(who);
  request(peer, caf::infinite, query)
    .then(
      [this, into, who, round = round_](const Answer& answer) {
        if (round != round_)
          return;
        facts_.*into = answer;
        close(who);
      },
      [this, who, round = round_](const caf::error&) {
        if (round != round_)
          return;
        facts_.silent.push_back(who);
        close(who);
      });
}

void health_monitor::close(const std::string& who) {
  unanswered_.erase(who);
  if (unanswered_.empty())
    end_round();
}

void health_monitor::give_up_waiting() {
  if (unanswered_.empty())
    return;
  ++round_; // later answers are ignored
  facts_.silent.insert(facts_.silent.end(), unanswered_.begin(),
                       unanswered_.end());
  unanswered_.clear();
  end_round();
}

void health_monitor::end_round() {
  facts_.uptime = std::chrono::duration_cast<std::chrono::seconds>(
    clock().now() - *history_->started);
  facts_.loop_lag = loop_lag_;
  look_at_processes();
  auto verdict = judge(facts_, history_->was_ready,
                       {.max_claude_rss = config_.max_claude_rss});
  facts_.state = verdict.state;
  facts_.live = verdict.live;
  facts_.ready = verdict.ready;
  facts_.why = verdict.why;
  history_->was_ready |= facts_.conversation.ready;
  auto before = std::exchange(history_->state, verdict.state);
  if (before != verdict.state)
    context_.log.write(
      verdict.state == "degraded" || verdict.state == "failed"
        ? log_level::warn
        : log_level::info,
      name(), "state_changed",
      {{"from", before}, {"to", verdict.state}, {"why", verdict.why}});
  watch_memory();
  health_report report{verdict.state, codec::status_document(facts_)};
  for (auto& promise : std::exchange(waiting_, {}))
    promise.deliver(report);
}

void health_monitor::look_at_processes() {
  if (processes_ == nullptr)
    return;
  facts_.own = processes_->own();
  if (facts_.child.running)
    facts_.claude = processes_->of(facts_.child.pid);
}

// Asks once for each child, because it may take a while until the turn has
// ended.
void health_monitor::watch_memory() {
  if (!over_limit(facts_, {.max_claude_rss = config_.max_claude_rss})
      || history_->restart_asked == facts_.child.generation
      || !peers().supervisor)
    return;
  history_->restart_asked = facts_.child.generation;
  auto used = facts_.claude->resident_bytes;
  context_.log.write(log_level::warn, name(), "claude_too_large",
                     {{"pid", facts_.child.pid},
                      {"rss_bytes", used},
                      {"max_claude_rss", config_.max_claude_rss}});
  restart_claude wish{"memory: " + in_mebibytes(used)
                        + " over --max-claude-rss "
                        + in_mebibytes(config_.max_claude_rss),
                      false};
  request(peers().supervisor, caf::infinite, std::move(wish))
    .then([] {},
          [this](const caf::error& error) {
            if (!is(error, agent_error::refused))
              history_->restart_asked = 0; // the request was lost; ask again
          });
}

} // namespace container_agent
