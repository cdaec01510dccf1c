#pragma once

#include "actors/core/ports.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/fwd.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace container_agent {

/// A child of the supervisor. `start` spawns it and enters it into the
/// directory; `introduce` gives it the directory, if it is there; `clear`
/// removes it there.
struct child_spec {
  std::string name;
  restart_type type = restart_type::permanent;
  restart_policy_config policy;
  give_up_action on_give_up = give_up_action::exit;
  exit_code gave_up = exit_code::gave_up_on_actor;
  std::function<caf::actor_addr(supervisor_actor::pointer, peers_changed&)>
    start;
  std::function<void(supervisor_actor::pointer, const peers_changed&)>
    introduce;
  std::function<void(peers_changed&)> clear;

  /// Set for a child that the agent can't do without (OTP: a significant
  /// child). If it ends and is not started again, the agent shuts down in
  /// order, with this exit code.
  std::function<std::int32_t()> ended_code;

  /// Why it can't be restarted on request; empty if it can.
  std::function<std::string()> not_renewed = nullptr;
};

/// A spec for the child at `member` of the directory.
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
  spec.introduce
    = [member](supervisor_actor::pointer self, const peers_changed& directory) {
        if (directory.*member)
          self->send(directory.*member, directory);
      };
  spec.clear
    = [member](peers_changed& directory) { directory.*member = Handle{}; };
  return spec;
}

struct supervision_config {
  std::vector<child_spec> children; ///< in the order of their start

  /// How often the supervisor itself may fail.
  restart_policy_config policy;

  /// Called with the process's exit code once all children have stopped.
  std::function<void(std::int32_t)> on_stopped;
};

/// What outlives the supervisor and starts it again: its children and the plan
/// for each. An exception in one of the supervisor's own handlers ends no
/// child; the next supervisor finds them here. If that happens too often, one
/// last supervisor lets the conversation say its last words and ends the agent
/// with `internal_error`. If that one fails too, everything ends at once.
class supervision {
public:
  struct child {
    /// stopped → running ⇄ waiting; running → ended | given_up → running
    enum class state : std::uint8_t {
      stopped,  ///< not started yet
      running,  ///< at `address`
      waiting,  ///< failed; started again at `due`
      ended,    ///< normally, or it is temporary
      given_up, ///< failed too often
    };

    child_spec spec;
    restart_policy policy;
    state now = state::stopped;
    caf::actor_addr address;            ///< null unless it runs
    caf::actor_clock::time_point due{}; ///< while it waits
    std::string reason;                 ///< why it was given up
  };

  supervision(supervision_config config, actor_context context);
  supervision(const supervision&) = delete;
  supervision& operator=(const supervision&) = delete;

  /// Starts the supervisor, which starts all children.
  void start(caf::actor_system& system);

  /// Begins the shutdown. The order survives a supervisor that has not read it.
  void shut_down(begin_shutdown why);

  /// The present supervisor; null before `start`.
  const supervisor_actor& root() const { return root_; }

  /// Drops all actors, after an error that ended the loop.
  void abandon();

  child* find(const std::string& name);
  child* find(const caf::actor_addr& address);

  /// Counts a restart of a child or of the supervisor itself.
  void count_restart(const std::string& child, const caf::error& reason);

  /// All children have stopped, so the agent may end.
  void stopped(std::int32_t code);

  // The supervisor's state, kept across its restarts:

  std::vector<child> children;
  peers_changed directory;
  std::vector<restart_count> restarts;
  std::optional<restart_claude> wish;     ///< until a new Claude runs
  std::optional<begin_shutdown> shutdown; ///< the first order
  std::optional<std::int32_t> code;       ///< set once the end has begun
  std::optional<std::string> gave_up;     ///< why it was given up itself
  actor_context context;

private:
  void take_end(caf::actor_system& system, const caf::error& reason);
  void kill_all();

  supervision_config config_;
  restart_policy policy_;
  supervisor_actor root_;
  std::optional<begin_shutdown> ordered_;
  bool over_ = false;
};

} // namespace container_agent
