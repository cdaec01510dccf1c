#pragma once

#include "messages/trace_id.hpp"

#include <caf/fwd.hpp>
#include <caf/invoke_message_result.hpp>

namespace container_agent {

/// Sees every message of every actor: on its way into the mailbox, into the
/// handler and out of it. The one place where all of them pass. Without a hook
/// that costs a look at a pointer.
class message_hook {
public:
  virtual ~message_hook() = default;

  /// `message` is about to be put into the receiver's mailbox, or to be thrown
  /// away there, if the receiver has ended. Must not throw.
  virtual void sent(const caf::local_actor& receiver,
                    const caf::mailbox_element& message) {
    (void)receiver, (void)message;
  }

  /// Before the handler: it may move the content out of the message. What is
  /// thrown here counts as thrown by the handler: so tests make each one fail.
  virtual void before(const caf::local_actor& receiver,
                      const caf::mailbox_element& message)
    = 0;

  /// After a handler that did not throw. What is thrown here counts likewise.
  virtual void after(const caf::local_actor& receiver,
                     caf::invoke_message_result outcome)
    = 0;

  /// The handler that runs has found out which prompt its message belongs to.
  virtual void concerns(const trace_id& prompt) { (void)prompt; }

  /// The handler has thrown. Must not throw.
  virtual void threw(const caf::local_actor& receiver) { (void)receiver; }

  /// The receiver has ended; what is in its mailbox will not be handled. Must
  /// not throw.
  virtual void ended(const caf::local_actor& receiver,
                     const caf::error& reason) {
    (void)receiver, (void)reason;
  }
};

} // namespace container_agent
