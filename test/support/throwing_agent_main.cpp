/// The program, but its handlers throw: linked from the same main.cpp and the
/// same libraries, with another hook. Each kind of message that each actor
/// takes makes its handler throw once before it has done anything, and once
/// when it has done all.
///
///   THROWING_AGENT_LOG=PATH    a line for each throw: actor, type, moment
///   THROWING_AGENT_PAUSE=N     messages that pass between two throws
///   THROWING_AGENT_ONLY=TEXT   throw only where that line has this text
///   THROWING_AGENT_ASSERTS=1   an assertion fails, in place of a throw

#include "actors/core/message_hook.hpp"
#include "main/app/hook.hpp"
#include "messages/agent_assert.hpp"

#include <caf/actor_system.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/uniform_type_info_map.hpp>

#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

namespace container_agent {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class throwing_hook : public message_hook {
public:
  throwing_hook()
    : log_{variable("THROWING_AGENT_LOG"), std::ios::app},
      only_{variable("THROWING_AGENT_ONLY")},
      asserts_{!variable("THROWING_AGENT_ASSERTS").empty()},
      pause_{
        std::strtoull(variable("THROWING_AGENT_PAUSE").c_str(), nullptr, 10)} {}

  void before(const caf::local_actor& receiver,
              const caf::mailbox_element& message) override {
    ++since_;
    const auto& content = message.content();
    if (content.empty())
      return;
    kind_ = std::string{receiver.name()} + ' '
            + receiver.home_system().types().portable_name(content.type(0));
    throw_at(kind_ + " before");
    due_ = kind_ + " after";
    receiver_ = &receiver;
  }

  void after(const caf::local_actor& receiver,
             caf::invoke_message_result) override {
    if (receiver_ == &receiver)
      throw_at(due_);
  }

private:
  void throw_at(const std::string& moment) {
    if (since_ <= pause_ || moment.find(only_) == std::string::npos
        || !thrown_.insert(moment).second)
      return;
    since_ = 0;
    log_ << moment << std::endl;
    AGENT_ASSERT(!asserts_);
    throw std::runtime_error{moment};
  }

  std::ofstream log_;
  std::string only_;
  bool asserts_;
  std::uint64_t pause_;
  std::uint64_t since_ = 0;
  std::set<std::string> thrown_;
  std::string kind_;
  std::string due_;
  const caf::local_actor* receiver_ = nullptr;
};

} // namespace

message_hook* installed_hook() {
  static throwing_hook hook;
  return &hook;
}

} // namespace container_agent
