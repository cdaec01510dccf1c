#pragma once

#include "actors/core/ports.hpp"
#include "actors/input/input_reader.hpp"
#include "actors/session/turn_clock.hpp"
#include "messages/agent_assert.hpp"
#include "messages/payloads.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent {

/// The logs of a conversation.
struct conversation_logs {
  stream_log& input;    ///< what the host has said
  stream_log& to_child; ///< for the child's stdin
  stream_log& events;   ///< what the child has said, and the agent's records

  /// The log that the host is shown instead of `events`: the text output's.
  stream_log* replies = nullptr;

  /// Called with the offset up to which the input was dealt with, once the
  /// results are in the logs, for a note that outlives the agent. Most lines
  /// don't need it, because their records hold the offset.
  std::function<void(std::uint64_t)> note_input{};

  /// Called with the offset of each checkpoint.
  std::function<void(std::uint64_t)> note_checkpoint{};

  stream_log& shown() const { return replies != nullptr ? *replies : events; }

  /// Why one of them can't be written; empty if all can.
  std::string trouble() const {
    return events.trouble() + to_child.trouble()
           + (replies != nullptr ? replies->trouble() : std::string{});
  }

  /// Tries again to write what waits.
  void retry() const {
    events.retry();
    to_child.retry();
    if (replies != nullptr)
      replies->retry();
  }
};

/// What stands between host and child, as a plain class. It reads two logs,
/// appends to two, and is told how far the others have come. The `conversation`
/// actor only carries its messages, so the whole protocol is tested without
/// actors and survives their restarts.
///
/// There are two: `dialogue` (Claude Code's stream-json) and `raw_relay`
/// (bytes).
class bridge {
public:
  explicit bridge(conversation_logs logs)
    : logs_{logs}, marked_to_{logs_.shown().end()} {}

  virtual ~bridge() = default;

  // -- from the host ----------------------------------------------------------

  virtual void take(const input_grew& news) = 0;

  /// Deals with all input that may be dealt with now.
  virtual void take_input() = 0;

  /// Whether more of the input may be dealt with now.
  virtual bool may_take_input() const = 0;

  /// How far the input was dealt with, for pipe_input.
  virtual input_window input_standing() const = 0;

  // -- from the child ---------------------------------------------------------

  virtual void take(const child_started& child) = 0;
  virtual void take(const child_ended& end) = 0;

  /// Reads the events up to their end.
  virtual void take_output() = 0;

  /// Number of the child's lines read so far; 0 if it has no lines.
  virtual std::uint64_t heard() const { return 0; }

  /// The child's output is not wanted beyond this offset.
  virtual std::uint64_t output_limit() const = 0;

  /// How to launch a child if none runs.
  virtual launch_child launch_plan() const = 0;

  /// Whether a child is wanted at all.
  virtual bool wants_child() const = 0;

  /// Whether a child runs, as far as is known.
  virtual bool child_runs() const = 0;

  /// How far the child's stdin has received its log.
  void take(const child_input_window& window) {
    AGENT_ASSERT(window.taken <= logs_.to_child.end());
    to_child_gone_ = window.taken;
  }

  // -- for the host -----------------------------------------------------------

  /// The host may get the shown log up to here.
  virtual std::uint64_t shown_to() const = 0;

  /// How far the host has got the shown log.
  void take(const host_output_window& window) {
    AGENT_ASSERT(window.taken <= logs_.shown().end());
    shown_gone_ = window.taken;
  }

  /// Releases the parts of the logs that nobody needs any more.
  virtual void release() = 0;

  /// For traces: which prompt the bytes before `end` belong to. Each call
  /// returns the marks since the last one, in order.
  struct mark {
    std::uint64_t end = 0;
    trace_id prompt;
  };

  std::vector<mark> take_child_marks() {
    return std::exchange(child_marks_, {});
  }
  std::vector<mark> take_host_marks() {
    end_mark();
    return std::exchange(host_marks_, {});
  }

  // -- from the others --------------------------------------------------------

  virtual void take(const restart_scheduled& plan) = 0;
  virtual void take(const restarts_exhausted& end) = 0;
  virtual void take(const begin_drain& drain) = 0;
  virtual void take(const interrupt_turn& interrupt) = 0;

  virtual void take(const restart_claude& wish) = 0;

  /// How to end the child so that it is started again, once that is due; else
  /// null.
  virtual const renew_child* renewal() const = 0;

  /// Interrupts the running turn because somebody asked for it.
  virtual interrupt_outcome interrupt_on_request() {
    return {false, "there are no turns in this mode"};
  }

  // -- patience ---------------------------------------------------------------

  /// What the child is expected to do, and a number that changes with each sign
  /// of life. If neither changes for too long, the conversation calls
  /// `overdue`.
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

  /// A wait has begun or ended; `pass` must be called at once.
  virtual bool wants_time() const { return false; }

  /// Sets the time and does what is due.
  virtual void pass(time_point /*now*/) {}

  /// When `pass` must be called again; nothing: never.
  virtual std::optional<time_point> due() const { return std::nullopt; }

  /// Claude's requests that wait for the host, with their ages.
  virtual std::vector<open_request> requests(time_point /*now*/) const {
    return {};
  }

  // -- the end ----------------------------------------------------------------

  /// The shutdown is over; whatever is still open is ended now.
  virtual void close() = 0;

  /// After `begin_drain`: nothing is in flight any more.
  virtual bool drained() const = 0;

  /// The input has ended, and all of it was dealt with.
  virtual bool finished() const = 0;

  virtual conversation_status status() const = 0;

  /// A number that identifies the turn in flight; 0 if there is none, or turns
  /// are not known.
  virtual std::uint64_t turn() const { return 0; }

  /// Number of status requests of the host without an answer.
  virtual std::size_t status_requests() const = 0;

  virtual void answer_status(std::string_view document) = 0;

  turn_clock pace;
  stopwatch input_held;  ///< no input is dealt with
  stopwatch output_held; ///< no output of the child is read

  const conversation_logs& logs() const { return logs_; }

  /// The child's stdin is to get everything before this offset.
  std::uint64_t to_child_end() const { return logs_.to_child.end(); }

  /// 64 KiB, the size of a pipe: how far pipe_input may be ahead of the
  /// reading, and how much may wait for the child's stdin before input is held
  /// back.
  static constexpr std::uint64_t small_window = 64 * 1024;

  /// 1 MiB: how far the child may be ahead of the conversation's reading.
  static constexpr std::uint64_t output_window = 1024 * 1024;

protected:
  /// For traces: what follows belongs to this prompt.
  void speak_of(trace_id prompt) {
    if (prompt == speaks_of_)
      return;
    end_mark();
    speaks_of_ = prompt;
  }

  conversation_logs logs_;
  std::uint64_t to_child_gone_ = 0;
  std::uint64_t shown_gone_ = 0;
  std::vector<mark> child_marks_;

private:
  void end_mark() {
    auto end = shown_to();
    if (end <= marked_to_)
      return;
    host_marks_.push_back({end, speaks_of_});
    marked_to_ = end;
  }

  std::vector<mark> host_marks_;
  std::uint64_t marked_to_ = 0;
  trace_id speaks_of_;
};

} // namespace container_agent
