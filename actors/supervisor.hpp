#pragma once

#include "actors/ports.hpp"
#include "actors/restart_policy.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace container_agent {

/// When a child is started again (the words are Erlang/OTP's).
enum class restart_type : std::uint8_t {
  permanent, ///< always
  transient, ///< if it failed
};

/// A child of the supervisor. `start` spawns it and enters it into the
/// directory; `clear` takes it out.
struct child_spec {
  std::string name;
  restart_type type = restart_type::permanent;
  restart_policy_config policy;
  exit_code gave_up = exit_code::gave_up_on_actor;
  std::function<caf::actor_addr(supervisor_actor::pointer, peers_changed&)>
    start;
  std::function<void(peers_changed&)> clear;
};

/// A spec for the child that the directory has at `member`.
template <class Actor, class Handle, class... Args>
child_spec make_child_spec(std::string name, Handle peers_changed::*member,
                           Args... args) {
  child_spec spec;
  spec.name = std::move(name);
  spec.start = [member, args...](supervisor_actor::pointer self,
                                 peers_changed& directory) {
    directory.*member = self->template spawn<Actor, caf::monitored>(args...);
    return caf::actor_cast<caf::actor_addr>(directory.*member);
  };
  spec.clear
    = [member](peers_changed& directory) { directory.*member = Handle{}; };
  return spec;
}

struct supervisor_config {
  std::vector<child_spec> children; ///< in the order of their start

  /// Called when all have stopped, with the process's exit code.
  std::function<void(std::int32_t)> on_stopped;
};

/// Owns:          its children's lives: starts them in order, restarts each one
///                that fails (one_for_one), stops them in reverse order
/// Receives from: shutdown_coordinator, health_monitor, control, the runtime
///                (downs and signals)
/// Sends to:      all children (`peers_changed`), conversation,
///                shutdown_coordinator (gave up)
/// Dies when:     all children have stopped
class supervisor : public supervisor_actor::base {
public:
  supervisor(caf::actor_config& config, supervisor_config settings,
             actor_context context);

  const char* name() const override { return "supervisor"; }

  void on_exit() override;

protected:
  supervisor_actor::behavior_type make_behavior() override;

private:
  struct child {
    child_spec spec;
    restart_policy policy;
    caf::actor_addr address; ///< null while it does not run
  };

  void start_all();
  bool start(child& c);
  void introduce_all();
  void shut_down(begin_shutdown why);
  void take_down(const caf::down_msg& down);
  void take_failure(child& c, const caf::error& reason);
  void give_up(child& c, const std::string& reason);
  void stop_next();
  child* find(const caf::actor_addr& address);

  supervisor_config config_;
  actor_context context_;
  std::vector<child> children_;
  peers_changed directory_;
  std::uint64_t restarts_ = 0;
  std::string gave_up_on_;
  std::optional<begin_shutdown> shutdown_; // the first one there was
  std::optional<std::int32_t> exit_code_;  // set once the end has begun
};

} // namespace container_agent
