#pragma once

#include "actors/supervision/supervisor.hpp"

#include "test/support/actor_fixture.hpp"

#include <map>
#include <stdexcept>

namespace container_agent::test {

/// What children of a supervisor do, and what they have seen. Outlives them.
struct child_diary {
  std::vector<std::string> events; ///< "name started", "name stopped"
  std::map<std::string, int> throws_in_constructor; ///< so many more times
};

/// A child that notes its life down and keeps whatever it is sent.
template <class Handle>
class noting_child : public detail::probe_actor<Handle> {
public:
  using super = detail::probe_actor<Handle>;

  noting_child(caf::actor_config& config, std::string name, child_diary& diary,
               std::shared_ptr<probe_mail> mail, actor_context context,
               const char* stands_for)
    : super{config, mail, context, stands_for},
      name_{std::move(name)},
      diary_{diary} {
    if (diary.throws_in_constructor[name_] > 0) {
      --diary.throws_in_constructor[name_];
      throw std::runtime_error{"no " + name_};
    }
    diary_.events.push_back(name_ + " started");
  }

  void on_exit() override {
    diary_.events.push_back(name_ + " stopped");
    super::on_exit();
  }

protected:
  typename Handle::behavior_type make_behavior() override {
    // CAF's own handler does not listen to a peaceful order to end.
    this->set_exit_handler([this](caf::exit_msg& m) { this->quit(m.reason); });
    return super::make_behavior();
  }

private:
  std::string name_;
  child_diary& diary_;
};

class supervisors : public actor_fixture {
public:
  child_diary diary;
  supervision_config settings;
  std::optional<supervision> family;
  supervisor_actor root;
  std::optional<std::int32_t> stopped;
  peers_changed seen; ///< the directory, as the children now have it
  std::map<std::string, std::shared_ptr<probe_mail>> mails;

  void TearDown() override {
    seen = {};
    mails.clear();
    root = nullptr;
    if (family && family->root())
      caf::anon_send(family->root(), stop_agent{0});
    settle();
    if (family)
      family->abandon();
    settings = {};
    actor_fixture::TearDown();
  }

  /// Adds a child at `member`, with a probe's ears.
  template <class Handle>
  child_spec& add(std::string name, Handle peers_changed::*member) {
    auto mail = mails[name] = std::make_shared<probe_mail>();
    auto spec = make_child_spec<noting_child<Handle>>(
      name, member, name, std::ref(diary), mail, context, member_name(member));
    spec.start = [this, member, start = spec.start](
                   supervisor_actor::pointer self, peers_changed& directory) {
      auto address = start(self, directory);
      watch(directory.*member);
      seen.*member = directory.*member;
      return address;
    };
    spec.policy.jitter = 0;
    settings.children.push_back(std::move(spec));
    return settings.children.back();
  }

  void add_four() {
    add("pipe_output", &peers_changed::pipe_output);
    add("shutdown_coordinator", &peers_changed::shutdown_coordinator);
    add("conversation", &peers_changed::conversation);
    add("claude_process", &peers_changed::claude_process);
  }

  void start() {
    settings.on_stopped = [this](std::int32_t code) { stopped = code; };
    family.emplace(settings, context);
    family->start(system);
    root = family->root();
    watch(root);
    settle();
  }

  /// A child fails, as by a defect.
  template <class Handle>
  void fail(Handle peers_changed::*member) {
    auto child = seen.*member;
    kill(child);
  }

  /// A probe's view of what a child was sent.
  template <class Handle>
  probe<Handle> ears_of(const std::string& name) {
    return {Handle{}, mails[name]};
  }

  using events = std::vector<std::string>;

  events take_events() { return std::exchange(diary.events, {}); }
};

} // namespace container_agent::test
