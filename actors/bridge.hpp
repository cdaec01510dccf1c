#pragma once

#include "actors/credit.hpp"
#include "actors/turn_clock.hpp"
#include "messages/payloads.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// What stands between host and child, as a plain class: it is told what came
/// and fills two outboxes. The `conversation` actor only carries its mail, so
/// the whole protocol is tested without actors, and survives their restarts.
///
/// Two of them: `dialogue` (Claude Code's stream-json) and `raw_relay` (bytes).
class bridge {
public:
  virtual ~bridge() = default;

  // -- from the host ----------------------------------------------------------

  virtual void take(const host_line& line) = 0;
  virtual void take(const host_input_ended& end) = 0;

  /// How many more lines may come now.
  virtual std::uint64_t input_credit() const = 0;

  // -- from the child ---------------------------------------------------------

  virtual void take(const child_started& child) = 0;
  virtual void take(const child_output& output) = 0;
  virtual void take(const child_ended& end) = 0;

  /// How many more pieces of output may come now.
  virtual std::uint64_t output_credit() const = 0;

  /// What to launch, should no child run.
  virtual launch_child launch_plan() const = 0;

  /// Whether a child is wanted at all.
  virtual bool wants_child() const = 0;

  /// A child runs, as far as known.
  virtual bool child_runs() const = 0;

  // -- from the others --------------------------------------------------------

  virtual void take(const restart_scheduled& plan) = 0;
  virtual void take(const restarts_exhausted& end) = 0;
  virtual void take(const begin_drain& drain) = 0;
  virtual void take(const interrupt_turn& interrupt) = 0;

  virtual void take(const restart_claude& wish) = 0;

  /// How the child is to be ended so that it is started again, once the moment
  /// for it has come; else null.
  virtual const renew_child* renewal() const = 0;

  /// Interrupts the turn that runs, as somebody has asked for it.
  virtual interrupt_outcome interrupt_on_request() {
    return {false, "there are no turns in this mode"};
  }

  // -- patience ---------------------------------------------------------------

  /// What the child is waited for, and a number that changes with each sign of
  /// life: who waits for the same for too long says so by `overdue`.
  struct patience {
    enum class kind : std::uint8_t { nothing, start, turn, interrupt };

    kind what = kind::nothing;
    std::uint64_t signs = 0;

    bool operator==(const patience&) const = default;
  };

  virtual patience waits_for() const = 0;

  virtual void overdue() = 0;

  // -- time -------------------------------------------------------------------

  using time_point = turn_clock::time_point;

  /// Something has begun or ended whose time counts: `pass` is called at once.
  virtual bool wants_time() const { return false; }

  /// It is `now`: does what is due.
  virtual void pass(time_point /*now*/) {}

  /// When `pass` has to be called again; nothing: never.
  virtual std::optional<time_point> due() const { return std::nullopt; }

  /// Those of Claude's requests that wait for the host, with their ages.
  virtual std::vector<open_request> requests(time_point /*now*/) const {
    return {};
  }

  // -- the end ----------------------------------------------------------------

  /// The shutdown is over: what is open now has no end to wait for.
  virtual void close() = 0;

  /// The input has ended, or the shutdown has begun: from now on somebody waits
  /// for the last piece to be taken.
  virtual bool ending() const = 0;

  /// Nothing is in flight any more, after `begin_drain`.
  virtual bool drained() const = 0;

  /// The input has ended and all of it was dealt with.
  virtual bool finished() const = 0;

  virtual conversation_status status() const = 0;

  /// A number that tells the turn in flight from those before and after it; 0
  /// if there is none, or turns are not known.
  virtual std::uint64_t turn() const { return 0; }

  /// Number of status documents that the host has asked for and not got.
  virtual std::size_t status_requests() const = 0;

  virtual void answer_status(std::string_view document) = 0;

  outbox<host_output> to_host;
  outbox<child_input> to_child;
  inbox from_input;
  inbox from_child;
  turn_clock pace;
  stopwatch input_held;  ///< no input is taken
  stopwatch output_held; ///< nothing is taken from the child

  /// Pieces of at most `read_size` bytes that may wait for the host.
  static constexpr std::size_t max_unsent_output = 8;

  /// Lines (or pieces) that may be on their way to the child.
  static constexpr std::size_t max_unsent_input = 16;
};

} // namespace container_agent
