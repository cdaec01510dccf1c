#pragma once

#include <caf/fwd.hpp>

namespace container_agent {

/// Sees every message of every actor on its way into a handler and out of it:
/// the one place where all of them pass. Without a hook that costs a look at a
/// pointer. What a hook throws counts as thrown by the handler: so tests make
/// each handler fail.
class message_hook {
public:
  virtual ~message_hook() = default;

  /// Before the handler: it may move the content out of the message.
  virtual void before(const caf::local_actor& receiver,
                      const caf::mailbox_element& message)
    = 0;

  /// After a handler that did not throw.
  virtual void after(const caf::local_actor& receiver) = 0;
};

} // namespace container_agent
