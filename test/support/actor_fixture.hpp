#pragma once

#include "actors/core/ports.hpp"
#include "messages/type_ids.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/actor_probe.hpp"
#include "test/support/directory.hpp"
#include "test/support/message_trace.hpp"
#include "test/support/recording_log.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace container_agent::test {

/// CAF with its stepped scheduler, and with our messages.
struct stepped_config : caf::actor_system_config {
  stepped_config();
};

/// Actors on a stepped scheduler, in virtual time, over fake ports. Nothing
/// happens before a test says `settle()` or `advance()`, so every run is the
/// same. docs/testing.md shows how to test an actor of your own with it.
///
/// At the end of a test everybody it spawned is told to end; whoever lives on
/// fails the test and is named.
class actor_fixture : public testing::Test {
public:
  port_events events;
  fake_clock clock;
  counting_random random;
  recording_log log;
  stepped_config config;
  caf::actor_system system{config};

  /// All messages of the test. A test that fails prints the last of them.
  message_trace trace{[this] { return scheduler().clock().now(); }};
  actor_context context{clock, random, log, &trace.events};

  /// The directory of actors, as `introduce` sends it.
  peers_changed peers;

  /// Ends everybody. Override it to do more, then call it: actors must be gone
  /// before what was lent to them.
  void TearDown() override;

  /// Runs all that can run now: messages, and what ports have to say. Time
  /// stands still.
  void settle();

  /// Settles, then lets time go by, millisecond by millisecond, and settles
  /// after whatever became due.
  void advance(std::chrono::milliseconds time);

  /// Delayed messages and timeouts that wait for their time.
  std::size_t pending_timers();

  /// Spawns an actor of ours. The test's end waits for it.
  template <class Actor, class... Args>
  auto spawn(Args&&... args) {
    auto handle = system.spawn<Actor>(std::forward<Args>(args)...);
    watch(handle);
    return handle;
  }

  /// A probe, entered into the directory at `member`.
  template <class Handle>
  probe<Handle> make_probe(Handle peers_changed::*member) {
    auto mail = std::make_shared<probe_mail>();
    auto handle
      = spawn<detail::probe_actor<Handle>>(mail, context, member_name(member));
    peers.*member = handle;
    return {handle, mail};
  }

  /// Sends, as nobody in particular.
  template <class Handle, class Message>
  void tell(const Handle& to, Message&& message) {
    caf::anon_send(to, std::forward<Message>(message));
  }

  /// Gives an actor the directory, and settles.
  template <class Handle>
  void introduce(const Handle& to) {
    tell(to, peers);
    settle();
  }

  /// Asks, and settles. Nothing if there was no answer, or an error.
  template <class Answer, class Handle, class Question>
  std::optional<Answer> ask(const Handle& whom, Question question) {
    auto answer = std::make_shared<std::optional<Answer>>();
    spawn<asker<Handle, Question, Answer>>(whom, std::move(question), answer);
    settle();
    return *answer;
  }

  /// Ends an actor from outside, as a defect elsewhere would, and settles.
  template <class Handle>
  void kill(const Handle& whom) {
    caf::anon_send_exit(whom, caf::exit_reason::kill);
    settle();
  }

  /// Why an actor has ended, or nothing if it lives.
  template <class Handle>
  std::optional<caf::error> end_of(const Handle& whom) const {
    auto i = ends_.find(whom->id());
    return i == ends_.end() ? std::nullopt : i->second;
  }

  template <class Handle>
  bool lives(const Handle& whom) const {
    return !end_of(whom);
  }

  /// Takes note of an actor that somebody else has spawned.
  template <class Handle>
  void watch(const Handle& handle) {
    auto* actor = caf::actor_cast<caf::abstract_actor*>(handle);
    auto name = dynamic_cast<caf::local_actor*>(actor)->name();
    watched_.push_back({name, actor->id(), actor->address()});
    actor->attach_functor([this, id = actor->id()](const caf::error& reason) {
      ends_[id] = reason;
    });
  }

private:
  struct watched {
    std::string name;
    caf::actor_id id;
    caf::actor_addr address;
  };

  template <class Handle, class Question, class Answer>
  class asker : public caf::event_based_actor {
  public:
    asker(caf::actor_config& config, Handle whom, Question question,
          std::shared_ptr<std::optional<Answer>> into)
      : caf::event_based_actor{config},
        whom_{std::move(whom)},
        question_{std::move(question)},
        into_{std::move(into)} {}

    const char* name() const override { return "asker"; }

  protected:
    caf::behavior make_behavior() override {
      request(whom_, caf::infinite, question_)
        .then([this](const Answer& answer) { *into_ = answer; },
              [](const caf::error&) {});
      whom_ = Handle{};
      return {};
    }

  private:
    Handle whom_;
    Question question_;
    std::shared_ptr<std::optional<Answer>> into_;
  };

  caf::scheduler::test_coordinator& scheduler();

  std::vector<watched> watched_;
  std::map<caf::actor_id, std::optional<caf::error>> ends_;
};

} // namespace container_agent::test
