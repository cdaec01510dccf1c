#include "actors/raw_relay.hpp"

#include "actors/loggers.hpp"

namespace container_agent {

void raw_relay::take(const host_line& piece) {
  ++pieces_;
  to_child.push({0, piece.text});
}

void raw_relay::take(const host_input_ended&) {
  input_ended_ = true;
}

std::uint64_t raw_relay::input_credit() const {
  return to_child.size() < max_unsent_pieces ? 4 : 0;
}

void raw_relay::take(const child_started& child) {
  if (child.generation == started_.generation)
    return; // an actor was restarted, the child was not
  started_ = child;
  runs_ = true;
  gave_up_ = false;
  renewal_ = {};
  context_.log.write(log_level::info, loggers::conversation, "child_started",
                     {{"pid", child.pid}, {"attached", child.attached}});
}

void raw_relay::take(const child_output& output) {
  to_host.push({0, output.data, false});
}

void raw_relay::take(const child_ended& end) {
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
     {"input_pieces_waiting", std::uint64_t{to_child.size()}}});
}

std::uint64_t raw_relay::output_credit() const {
  return to_host.size() < max_unsent_output ? 4 : 0;
}

launch_child raw_relay::launch_plan() const {
  return {{}, false, to_child.next_sequence() - to_child.size()};
}

void raw_relay::take(const restart_scheduled&) {}

void raw_relay::take(const restarts_exhausted& end) {
  gave_up_ = gave_up_ || end.name == "claude_process";
}

// Between bytes there are no turns to wait for.
void raw_relay::take(const restart_claude& wish) {
  renewal_ = {wish.reason, wish.at_once, false};
}

void raw_relay::take(const begin_drain&) {
  draining_ = true;
}

bool raw_relay::drained() const {
  return draining_ && (gave_up_ || !runs_ || finished());
}

conversation_status raw_relay::status() const {
  conversation_status result;
  result.ready = runs_;
  result.gave_up = gave_up_;
  result.lines = pieces_;
  result.queued = to_child.unsent();
  return result;
}

} // namespace container_agent
