#include "actors/control/control.hpp"

#include "messages/codec/control_message.hpp"
#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <utility>
#include <variant>

namespace container_agent {

std::string control_config::validate() const {
  return stop_at_most.count() < 0 ? "the time to stop must not be negative"
                                  : "";
}

control::control(caf::actor_config& config, control_port& port,
                 control_config settings, actor_context context)
  : agent_actor{config, context}, port_{port}, config_{settings} {}

control::behavior_type control::make_behavior() {
  port_.on_request([self = control_actor{this}] {
    caf::anon_send(self, control_requested{});
  });
  port_.take_back();
  return {
    [this](const control_requested&) { serve(); },
    [this](const get_control_status&) {
      return control_status{port_.connections()};
    },
    [this](const peers_changed& now) {
      auto other_monitor = replaced(now, &peers_changed::health_monitor);
      auto other_supervisor = replaced(now, &peers_changed::supervisor);
      meet(now);
      if (other_monitor)
        for (auto id : status_wanted_)
          ask_for_status(id);
      if (other_supervisor)
        for (const auto& request : std::exchange(lost_, {}))
          handle(request);
      serve();
    },
  };
}

void control::on_exit() {
  port_.on_request({});
  agent_actor::on_exit();
}

// Without a supervisor nothing can be answered yet, so requests wait.
void control::serve() {
  while (peers().supervisor) {
    auto request = port_.next();
    if (!request)
      return;
    handle(*request);
  }
}

void control::handle(const control_port::request& request) {
  if (request.attempt > max_attempts)
    return port_.answer(request.id, codec::control_failed(
                                      "the agent has failed at this request"));
  auto read = codec::read_control_request(request.line);
  if (const auto* fault = std::get_if<codec::control_fault>(&read))
    return port_.answer(request.id, codec::control_failed(fault->text));
  const auto& wish = std::get<codec::control_request>(read);
  using enum codec::control_command;
  context_.log.write(
    wish.command == status ? log_level::debug : log_level::info, name(),
    "control_request",
    {{"command", codec::to_string(wish.command)}, {"by_pid", request.pid}});
  switch (wish.command) {
    case status:
      status_wanted_.insert(request.id);
      return ask_for_status(request.id);
    case stop:
      return order(request, begin_shutdown{"stop requested", 0, true},
                   codec::control_stopping(config_.stop_at_most));
    case restart_claude:
      return order(
        request,
        container_agent::restart_claude{
          wish.reason.empty() ? "restart requested" : wish.reason, wish.now},
        codec::control_done());
    case interrupt: return interrupt_turn_of(request);
    case trace: // with a tracer, it does not get here
      return port_.answer(request.id,
                          codec::control_failed("the agent does not trace: "
                                                "start it with --trace-ring"));
  }
}

// Answers `done` only after the supervisor has taken note of the order.
template <class Order>
void control::order(const control_port::request& request, Order what,
                    std::string done) {
  auto asked = peers().supervisor.address();
  this->request(peers().supervisor, caf::infinite, std::move(what))
    .then([this, id = request.id, done] { port_.answer(id, done); },
          [this, request, asked](const caf::error& error) {
            if (is(error, agent_error::refused))
              port_.answer(request.id, codec::control_failed(text_of(error)));
            else
              ask_again(request, asked);
          });
}

// Only a turn that runs now can be interrupted, so this is never asked again.
void control::interrupt_turn_of(const control_port::request& request) {
  auto fail = [this, id = request.id] {
    port_.answer(id, codec::control_failed("the conversation was restarted in "
                                           "this moment: ask again"));
  };
  if (!peers().conversation)
    return fail();
  this->request(peers().conversation, caf::infinite, interrupt_claude{})
    .then(
      [this, id = request.id](const interrupt_outcome& outcome) {
        port_.answer(id, outcome.done ? codec::control_done(outcome.text)
                                      : codec::control_failed(outcome.text));
      },
      [fail](const caf::error&) { fail(); });
}

// A supervisor that has failed may not have read the request. The next one is
// asked, which may be known already.
void control::ask_again(control_port::request request,
                        const caf::actor_addr& asked) {
  ++request.attempt;
  if (peers().supervisor.address() != asked)
    handle(request);
  else
    lost_.push_back(std::move(request));
}

// A new health monitor is asked again for every waiting client, because the one
// before may have died with the question. No time limit is needed: it always
// answers in time.
void control::ask_for_status(std::uint64_t id) {
  if (!peers().health_monitor)
    return;
  request(peers().health_monitor, caf::infinite, get_health{})
    .then(
      [this, id](const health_report& report) {
        if (status_wanted_.erase(id) > 0)
          port_.answer(id, codec::control_status_answer(report.document));
      },
      [](const caf::error&) {});
}

} // namespace container_agent
