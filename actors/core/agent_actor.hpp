#pragma once

#include "actors/core/message_hook.hpp"
#include "actors/core/ports.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <utility>

namespace container_agent {

/// What all actors have in common: their messages pass the hook, if there is
/// one; they hold the directory of their peers, and drop those handles when
/// they end (handles count references; two actors that hold each other would
/// never be freed).
template <class Handle>
class agent_actor : public Handle::base {
public:
  using base = typename Handle::base;
  using behavior_type = typename Handle::behavior_type;

  agent_actor(caf::actor_config& config, actor_context context)
    : base{config}, context_{context} {
    // CAF's own handler would print into the middle of the log.
    this->set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr& thrown) {
        return describe_exception(thrown);
      });
  }

  void on_exit() override { peers_ = peers_changed{}; }

  using base::consume;
  using base::enqueue;

  void enqueue(caf::mailbox_element_ptr message,
               caf::execution_unit* unit) override {
    if (context_.hook != nullptr)
      context_.hook->sent(*this, *message);
    base::enqueue(std::move(message), unit);
  }

  caf::invoke_message_result consume(caf::mailbox_element& message) override {
    if (context_.hook == nullptr)
      return base::consume(message);
    // If the hook throws, CAF answers the message that it takes for the current
    // one; it would set this one only later, in its own consume.
    this->current_element_ = &message;
    try {
      context_.hook->before(*this, message);
      auto result = base::consume(message);
      context_.hook->after(*this, result);
      return result;
    } catch (...) {
      context_.hook->threw(*this);
      throw;
    }
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    if (context_.hook != nullptr)
      context_.hook->ended(*this, reason);
    return base::cleanup(std::move(reason), unit);
  }

protected:
  /// Sends to a peer, if there is one at the moment. A message that must not be
  /// lost is sent again on `peers_changed`.
  template <class Peer, class Message>
  void tell(const Peer& peer, Message&& message) {
    if (peer)
      this->send(peer, std::forward<Message>(message));
  }

  const peers_changed& peers() const { return peers_; }

  /// True if `member` is a different actor in the new directory.
  template <class Peer>
  bool replaced(const peers_changed& now, Peer peers_changed::*member) const {
    return now.*member != peers_.*member;
  }

  void meet(const peers_changed& now) { peers_ = now; }

  actor_context context_;

private:
  peers_changed peers_;
};

} // namespace container_agent
