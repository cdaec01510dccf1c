#include "actors/session/raw_relay.hpp"

#include "actors/core/loggers.hpp"

#include <algorithm>

namespace container_agent {

raw_relay::raw_relay(conversation_logs logs, actor_context context)
  : session{logs}, context_{context} {
  to_child_gone_ = logs_.to_child.begin();
  shown_gone_ = logs_.events.begin();
}

void raw_relay::on_input_grew(const input_grew& news) {
  input_ended_ = input_ended_ || news.ended;
}

bool raw_relay::may_read_input() const {
  return logs_.input.end() < to_child_gone_ + window;
}

input_window raw_relay::input_standing() const {
  return {to_child_gone_, to_child_gone_ + window, false};
}

void raw_relay::on_child_started(const child_started& child) {
  if (child.generation == started_.generation)
    return; // an actor was restarted, the child was not
  started_ = child;
  runs_ = true;
  gave_up_ = false;
  renewal_ = {};
  context_.log.write(log_level::info, loggers::conversation, "child_started",
                     {{"pid", child.pid}, {"attached", child.attached}});
}

void raw_relay::on_child_ended(const child_ended& end) {
  if (end.generation <= ended_)
    return;
  ended_ = end.generation;
  to_child_gone_ = std::max(to_child_gone_, end.taken);
  runs_ = false;
  context_.log.write(
    is_wanted(end) ? log_level::info : log_level::error, loggers::conversation,
    end.kind == exit_kind::detached ? "child_detached"
    : is_wanted(end)                ? "child_stopped"
                                    : "child_exited",
    {{"pid", end.pid},
     {"end", to_string(end.kind)},
     {"exit_code", end.exit_code},
     {"signal", end.signal},
     {"input_bytes_waiting", logs_.input.end() - to_child_gone_}});
}

std::uint64_t raw_relay::output_limit() const {
  return shown_gone_ + window;
}

launch_child raw_relay::launch_plan() const {
  return {{}, false, to_child_gone_, ended_};
}

void raw_relay::on_restart_scheduled(const restart_scheduled&) {}

void raw_relay::on_restarts_exhausted(const restarts_exhausted& end) {
  gave_up_ = gave_up_ || end.name == "claude_process";
}

// There are no turns to wait for.
void raw_relay::on_restart_claude(const restart_claude& wish) {
  renewal_ = {wish.reason, wish.at_once, false};
}

void raw_relay::on_begin_drain(const begin_drain&) {
  draining_ = true;
}

bool raw_relay::drained() const {
  return draining_ && (gave_up_ || !runs_ || finished());
}

bool raw_relay::finished() const {
  return input_ended_ && to_child_gone_ >= logs_.input.end();
}

conversation_status raw_relay::status() const {
  conversation_status result;
  result.ready = runs_;
  result.gave_up = gave_up_;
  result.queued_bytes = logs_.input.end() - to_child_gone_;
  return result;
}

} // namespace container_agent
