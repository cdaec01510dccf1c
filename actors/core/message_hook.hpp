#pragma once

#include "messages/trace_id.hpp"

#include <caf/fwd.hpp>
#include <caf/invoke_message_result.hpp>

namespace container_agent {

/// Sees every message of every actor: on its way into the mailbox, before the
/// handler and after it. It is the one place that all messages pass. Without a
/// hook the cost is one pointer check.
class message_hook {
public:
  virtual ~message_hook() = default;

  /// `message` is about to be put into the receiver's mailbox, or to be dropped
  /// there if the receiver has ended. Must not throw.
  virtual void sent(const caf::local_actor& receiver,
                    const caf::mailbox_element& message) {
    (void)receiver, (void)message;
  }

  /// Called before the handler, which may move the content out of the message.
  /// An exception from here counts as thrown by the handler; tests use this to
  /// make each handler fail.
  virtual void before(const caf::local_actor& receiver,
                      const caf::mailbox_element& message)
    = 0;

  /// Called after a handler that did not throw. Exceptions count likewise.
  virtual void after(const caf::local_actor& receiver,
                     caf::invoke_message_result outcome)
    = 0;

  /// The running handler has found out which prompt its message belongs to.
  virtual void concerns(const trace_id& prompt) { (void)prompt; }

  /// The handler has thrown. Must not throw.
  virtual void threw(const caf::local_actor& receiver) { (void)receiver; }

  /// The receiver has ended; the messages left in its mailbox will not be
  /// handled. Must not throw.
  virtual void ended(const caf::local_actor& receiver,
                     const caf::error& reason) {
    (void)receiver, (void)reason;
  }
};

} // namespace container_agent
