#pragma once

#include "actors/core/message_hook.hpp"

#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <functional>
#include <stdexcept>
#include <string>

namespace container_agent::test {

/// Makes handlers throw: before they have done anything, or when all is done.
class throwing_hook : public message_hook {
public:
  enum class moment { before, after };

  /// The next message of this type that this actor takes makes it throw.
  template <class Message>
  void arm(std::string actor, moment when) {
    armed_ = [actor = std::move(actor)](const caf::local_actor& receiver,
                                        const caf::mailbox_element& message) {
      return actor == receiver.name()
             && message.content().match_elements<Message>();
    };
    when_ = when;
    thrown = 0;
  }

  /// How often it has thrown since it was armed: once, then no more.
  int thrown = 0;

  void before(const caf::local_actor& receiver,
              const caf::mailbox_element& message) override {
    if (thrown > 0 || !armed_ || !armed_(receiver, message))
      return;
    if (when_ == moment::before)
      fail();
    due_ = &receiver;
  }

  void after(const caf::local_actor& receiver,
             caf::invoke_message_result) override {
    if (due_ == &receiver)
      fail();
  }

private:
  [[noreturn]] void fail() {
    due_ = nullptr;
    ++thrown;
    throw std::runtime_error{"thrown by the test"};
  }

  std::function<bool(const caf::local_actor&, const caf::mailbox_element&)>
    armed_;
  moment when_ = moment::before;
  const caf::local_actor* due_ = nullptr;
};

} // namespace container_agent::test
