#pragma once

#include "actors/core/agent_actor.hpp"
#include "messages/type_ids.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <any>
#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

namespace container_agent::test {

/// What a probe has received, in order, and how it answers.
struct probe_mail {
  std::vector<caf::message> received;
  std::map<std::type_index, std::any> answers;
  bool silent = false; ///< questions are left open
  std::vector<caf::response_promise> open;
};

namespace detail {

template <class Signature>
struct probe_handler;

// An event or a command: kept.
template <class Message>
struct probe_handler<
  caf::typed_mpi<caf::detail::type_list<Message>, caf::output_tuple<void>>> {
  template <class Self>
  static auto make(Self*, std::shared_ptr<probe_mail> mail) {
    return [mail](const Message& message) {
      mail->received.push_back(caf::make_message(message));
    };
  }
};

// A question: kept, and answered as the test has said.
template <class Message, class Answer>
struct probe_handler<
  caf::typed_mpi<caf::detail::type_list<Message>, caf::output_tuple<Answer>>> {
  template <class Self>
  static auto make(Self* self, std::shared_ptr<probe_mail> mail) {
    return [self, mail](const Message& message) -> caf::result<Answer> {
      mail->received.push_back(caf::make_message(message));
      if (mail->silent) {
        auto promise = self->template make_response_promise<Answer>();
        mail->open.push_back(promise);
        return promise;
      }
      auto answer = mail->answers.find(typeid(Answer));
      if (answer == mail->answers.end())
        return Answer{};
      return std::any_cast<const Answer&>(answer->second);
    };
  }
};

template <class Handle, class Signatures = typename Handle::signatures>
class probe_actor;

template <class Handle, class... Signatures>
class probe_actor<Handle, caf::detail::type_list<Signatures...>>
  : public agent_actor<Handle> {
public:
  /// `stands_for` is its name.
  probe_actor(caf::actor_config& config, std::shared_ptr<probe_mail> mail,
              actor_context context, const char* stands_for)
    : agent_actor<Handle>{config, context},
      mail_{std::move(mail)},
      name_{stands_for} {}

  const char* name() const override { return name_; }

  // The handles in what it received would keep its peers in memory.
  void on_exit() override {
    agent_actor<Handle>::on_exit();
    mail_->received.clear();
    mail_->open.clear();
  }

protected:
  typename Handle::behavior_type make_behavior() override {
    return {probe_handler<Signatures>::make(this, mail_)...};
  }

private:
  std::shared_ptr<probe_mail> mail_;
  const char* name_;
};

} // namespace detail

/// Stands for a peer: takes every message of the peer's interface and keeps it
/// for the test to look at.
template <class Handle>
class probe {
public:
  probe() = default;

  probe(Handle handle, std::shared_ptr<probe_mail> mail)
    : handle_{std::move(handle)}, mail_{std::move(mail)} {}

  const Handle& handle() const { return handle_; }

  /// How many messages of this type have come and were not taken.
  template <class Message>
  std::size_t count() const {
    std::size_t result = 0;
    for (const auto& m : mail_->received)
      result += m.match_elements<Message>() ? 1 : 0;
    return result;
  }

  /// The oldest message of this type, removed. Fails the test if there is none.
  template <class Message>
  Message take() {
    auto& all = mail_->received;
    for (auto i = all.begin(); i != all.end(); ++i) {
      if (!i->template match_elements<Message>())
        continue;
      auto result = i->template get_as<Message>(0);
      all.erase(i);
      return result;
    }
    ADD_FAILURE() << "no such message came to the probe, only:" << names();
    return Message{};
  }

  /// All messages of this type, removed.
  template <class Message>
  std::vector<Message> take_all() {
    std::vector<Message> result;
    while (count<Message>() > 0)
      result.push_back(take<Message>());
    return result;
  }

  /// Removes all messages.
  void forget() { mail_->received.clear(); }

  bool empty() const { return mail_->received.empty(); }

  /// The names of what has come, each with a blank before it. The directory
  /// is left out: everybody gets it.
  std::string names() const {
    std::string result;
    for (const auto& m : mail_->received)
      if (!m.template match_elements<peers_changed>())
        result += ' ' + type_name(m);
    return result;
  }

  /// From now on questions for an `Answer` are answered so.
  template <class Answer>
  void answer(Answer value) {
    mail_->answers[typeid(Answer)] = std::move(value);
  }

  /// From now on questions are left open.
  void fall_silent() { mail_->silent = true; }

private:
  static std::string type_name(const caf::message& message) {
    auto text = caf::to_string(message); // ("name", …) or (name(…))
    auto begin = text.find_first_not_of("(\"@<");
    auto end = text.find_first_of("(,)", begin);
    return text.substr(begin, end - begin);
  }

  Handle handle_;
  std::shared_ptr<probe_mail> mail_ = std::make_shared<probe_mail>();
};

} // namespace container_agent::test
