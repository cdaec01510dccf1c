#pragma once

#include "actors/child/launch_patience.hpp"
#include "actors/core/ports.hpp"
#include "messages/agent_assert.hpp"
#include "messages/codec/line_framer.hpp"
#include "messages/payloads.hpp"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent {

struct child_link_config {
  child_command command; ///< with the arguments of the first launch
  bool raw = false;      ///< bytes, no lines

  /// How long to wait for a program that ran before and is now missing.
  std::chrono::milliseconds launch_patience{0};

  std::string validate() const;
};

/// The arguments for a launch. Once the session is known or lost, this replaces
/// those that pick one (`--resume`, `--continue`, `--session-id`,
/// `--fork-session` and their short forms).
std::vector<std::string> session_arguments(std::vector<std::string> arguments,
                                           const launch_child& launch);

/// The session that `arguments` resume by its id, if any.
std::string session_in(const std::vector<std::string>& arguments);

/// What `claude_process` works with and what outlives it: the running child and
/// the facts about the last child's end.
class child_link {
public:
  /// `events`: where the child's output goes.
  child_link(child_process& process, stream_log& events,
             child_link_config config, actor_context context);

  /// Sets the notification for every change in the child's state.
  void on_change(notification notify);

  child_process::launch_result launch(const launch_child& how);

  /// Moves more of the child's output into the log, up to `limit`, and notes
  /// the child's end.
  void advance(std::uint64_t limit);

  /// The output has to wait because the log's disk is full; `retry` tries
  /// again.
  bool held() const { return held_; }
  void retry();

  /// True once after a launch returned `waiting` and the next one may succeed.
  bool appeared() { return std::exchange(appeared_, false); }

  /// Whether a child was launched whose end has not been dealt with yet.
  bool occupied() const { return stage_ != stage::none; }

  /// The process has ended, but its output is still open: a process that it
  /// started holds the pipe.
  bool lingers() const { return stage_ == stage::exited; }

  /// A read is under way and has found nothing yet.
  bool awaits_output() const { return reading_output_; }

  /// Number of reads of its output that found bytes or the end.
  std::uint64_t reads() const { return reads_; }

  /// Stops reading the output of a child that lingers.
  void abandon_output();

  /// The child has ended, and all its output is in the log.
  bool concluded() const { return stage_ == stage::concluded; }

  /// Makes room for the next child.
  void reset() {
    AGENT_ASSERT(concluded());
    stage_ = stage::none;
  }

  /// How the last child ended, for the conversation; generation 0: none has
  /// ended.
  const child_ended& last_end() const { return last_end_; }

  /// The end of the child's output in the log, without what others have
  /// appended since.
  std::uint64_t output_end() const { return output_end_; }

  /// Lets its stdin have everything up to `end`, unless it was told to end.
  void give_input(std::uint64_t end);

  /// Its stdin has received everything up to here.
  std::uint64_t input_position() const { return process_.input().position(); }

  void close_input();
  std::error_code signal_group(int signal);

  /// Whether the child is somebody else's; see `child_process::is_guest`.
  bool guest() const { return stage_ == stage::running && process_.is_guest(); }

  /// Why the child can't be ended and started again; empty if it can.
  std::string not_renewed() const;

  /// Lets go of a guest that does not read the rest of its input. Returns the
  /// number of bytes left; the guest may have received half of a line.
  std::size_t let_go();

  /// It was killed but still runs.
  bool outlives_kill() const { return stage_ == stage::running && killed_; }

  void kill_harder();

  /// Ends the child so that it is started again; see `renew_child`. That end
  /// counts as a fault only if `how` says so.
  void renew(const renew_child& how);

  /// It was told to end for a renewal and still runs.
  bool renewing() const {
    return stage_ == stage::running && !renewal_.reason.empty();
  }

  /// Sends SIGTERM to a child that is being renewed and takes too long.
  std::error_code terminate() { return process_.signal_group(SIGTERM); }

  /// How the last child was renewed; an empty reason: it was not.
  const renew_child& renewal() const { return renewal_; }

  /// It runs but has closed its stdout, so no more output will come.
  bool mute() const { return stage_ == stage::running && output_ended_; }

  /// Kills a child that is of no more use, as if it had died. `event` is the
  /// name in the log.
  void kill(std::string_view event, std::string_view why);

  child_started description() const;
  child_exit exit_status() const { return process_.exit_status(); }
  bool running() const { return process_.running(); }
  bool asked_to_end() const { return asked_to_end_; }

  /// After this child's end, wait for the next one instead of starting it.
  bool awaits_next() const {
    return process_.only_attaches() && !asked_to_end_;
  }

  launch_patience patience;

private:
  /// none → running → exited (process reaped, output open) → concluded → none
  enum class stage : std::uint8_t { none, running, exited, concluded };

  void read_output(std::uint64_t limit);
  void read_errors();
  void take_output(const inlet::result& result);
  void take_errors(const byte_source::result& result);
  void log_errors(bool at_end);
  void conclude();
  void check_input();

  child_process& process_;
  stream_log& events_;
  child_link_config config_;
  actor_context context_;
  notification notify_;
  codec::line_framer errors_;
  stage stage_ = stage::none;
  std::uint64_t generation_ = 0;
  bool resumed_ = false;
  bool attached_ = false;
  bool asked_to_end_ = false;
  bool killed_ = false;
  bool input_lost_ = false; // raw: it has closed its stdin
  renew_child renewal_;
  bool reading_output_ = false;
  std::uint64_t reads_ = 0;
  std::uint64_t output_end_ = 0;
  bool output_ended_ = false;
  bool midstream_ = false; // attached, perhaps within a line
  bool held_ = false;
  bool told_held_ = false; // … and the log has said so
  std::uint64_t input_from_ = 0;
  std::uint64_t given_to_ = 0;
  child_ended last_end_;
  bool appeared_ = false;
  bool reading_errors_ = false;
  bool errors_ended_ = false;
};

} // namespace container_agent
