#pragma once

#include "actors/memory/transparent_debts.hpp"
#include "messages/payloads.hpp"
#include "messages/records/kept_conversation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// A child's life, as the conversation sees it. Pure.
///
///     state         what is waited for                  left by
///     none          a child                             start
///     initializing  its answer to `initialize`          note_initialized
///     restoring     its answers to what the host had    note_restored
///                   set
///     restored      the host, if Claude refused what    get_ready
///                   must not be missing
///     ready         its end
///
/// `get_ready` leads from any of them to `ready`: a child may need no settings.
/// `end` leads from any of them to `none`.
///
/// A child that an earlier agent has left is *kept* until this one has seen it
/// ready: what is in flight was sent by the earlier agent. It may have died
/// meanwhile, and another one start in its place.
class child_lifecycle {
public:
  // -- from one agent to the next ---------------------------------------------

  /// What an earlier agent has known. `alive`: its child is there.
  void recall(const codec::kept_conversation& kept, bool alive);

  /// For the next agent.
  void describe(codec::kept_conversation& kept) const;

  /// One is there, and was not seen ready by this agent.
  bool is_kept() const { return kept_ != heritage::none; }

  /// … and the earlier agent has seen it ready.
  bool was_ready() const { return kept_ == heritage::ready; }

  /// What is in flight was sent by this agent from now on. True if it was sent
  /// by the earlier one.
  bool take_over();

  // -- transitions ------------------------------------------------------------

  /// `id`: tells the requests that begin its input from those of any other.
  void start(const child_started& child, std::string id);

  void note_initialized();

  /// False if that is known.
  bool note_restored();

  void get_ready();

  void end(std::uint64_t generation);

  // -- where it stands --------------------------------------------------------

  bool runs() const { return state_ != state::none; }
  bool is_starting() const { return runs() && !is_ready(); }
  bool is_initializing() const { return state_ == state::initializing; }
  bool is_ready() const { return state_ == state::ready; }

  /// A kept one may run though nobody has said so yet.
  bool may_run() const { return runs() || is_kept(); }

  /// The one that was the last to start.
  const child_started& started() const { return started_; }

  /// The generation that was the last to end.
  std::uint64_t ended() const { return ended_; }

  /// It goes on with a session that it has not begun, as far as is known.
  bool resumes() const;

  std::string initialize_id() const;
  std::string restore_id() const;

  /// It reports `command_lifecycle`.
  bool reports_lifecycle() const { return reports_lifecycle_; }
  void note_lifecycle() { reports_lifecycle_ = true; }

  /// What it owes a host that speaks its whole protocol.
  transparent_debts& debts() { return debts_; }

  // -- patience ---------------------------------------------------------------

  /// A number that changes with each sign of life, and with each new task.
  std::uint64_t signs() const { return signs_; }
  void note_sign() { ++signs_; }

  /// It was interrupted for having been silent.
  bool interrupted() const { return interrupted_; }
  void set_interrupted(bool on) { interrupted_ = on; }

  // -- another one in its place -----------------------------------------------

  /// How it is to be ended so that it is started again; null: it is not.
  const renew_child* renewal() const { return renewal_ ? &*renewal_ : nullptr; }
  void renew(renew_child how) { renewal_ = std::move(how); }

  /// Why none is started any more; empty: one is.
  const std::string& gave_up() const { return gave_up_; }

  /// False if that is known.
  bool give_up(std::string_view reason);

  /// There is one after all.
  void note_return() { gave_up_.clear(); }

private:
  enum class state : std::uint8_t {
    none,
    initializing,
    restoring,
    restored,
    ready
  };

  /// What an earlier agent has left.
  enum class heritage : std::uint8_t { none, unready, ready };

  state state_ = state::none;
  heritage kept_ = heritage::none;
  std::int32_t kept_pid_ = 0;
  child_started started_;
  std::string id_;
  std::uint64_t ended_ = 0;
  bool reports_lifecycle_ = false;
  bool interrupted_ = false;
  std::uint64_t signs_ = 0;
  std::optional<renew_child> renewal_; // only while it runs
  std::string gave_up_;
  transparent_debts debts_;
};

} // namespace container_agent
