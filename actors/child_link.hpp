#pragma once

#include "actors/credit.hpp"
#include "actors/launch_patience.hpp"
#include "actors/ports.hpp"
#include "messages/codec/line_framer.hpp"
#include "messages/payloads.hpp"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace container_agent {

struct child_link_config {
  child_command command; ///< with the arguments of the first launch
  bool raw = false;      ///< bytes, no lines

  /// Written to the child where its stdin can't be closed, because it holds it
  /// open itself; empty: it is closed.
  std::string farewell;

  /// Lines of the child up to this length are passed on whole or not at all;
  /// longer ones piece by piece.
  std::size_t max_held_line = 1024 * 1024;

  /// How long a program that had run is waited for when it is missing.
  std::chrono::milliseconds launch_patience{0};

  std::string validate() const;
};

/// The arguments for a launch: those that pick a session (`--resume`,
/// `--continue`, `--session-id`, `--fork-session` and their short forms) are
/// replaced once the session is known or lost.
std::vector<std::string> session_arguments(std::vector<std::string> arguments,
                                           const launch_child& launch);

/// The session that `arguments` resume by its id, if any.
std::string session_in(const std::vector<std::string>& arguments);

/// What `claude_process` works with, and what outlives it: the running child,
/// its half-read lines, and what the conversation has not taken yet.
class child_link {
public:
  using delivery = std::variant<child_output, child_ended>;

  child_link(child_process& process, child_link_config config,
             actor_context context);

  /// Whom to tell that something about the child has changed.
  void on_change(notification notify);

  child_process::launch_result launch(const launch_child& how);

  /// Reads on while credit allows, and takes note of the child's end.
  void advance();

  /// After a launch that is `waiting`: the next one may succeed.
  bool appeared() { return std::exchange(appeared_, false); }

  /// Whether a child was launched and its end not yet delivered.
  bool occupied() const { return stage_ != stage::none; }

  /// The process has ended, but its output has not: somebody it started still
  /// holds the pipe.
  bool lingers() const { return stage_ == stage::exited; }

  /// A read is under way that nothing has come of yet.
  bool awaits_output() const { return reading_output_; }

  /// Reads of its output that something, or its end, has come of.
  std::uint64_t reads() const { return reads_; }

  /// Reads no more of what lingers.
  void abandon_output();

  /// Everything up to `child_ended` is in the outbox.
  bool concluded() const { return stage_ == stage::concluded; }

  /// The conversation has taken all of it: the next child may come.
  void reset() { stage_ = stage::none; }

  void write(bytes data) { process_.input().write(std::move(data)); }

  /// How many more pieces of input may come.
  std::uint64_t input_credit() const;

  void close_input();
  std::error_code signal_group(int signal);

  /// Whether the child is somebody else's; see `child_process::is_guest`.
  bool guest() const { return stage_ == stage::running && process_.is_guest(); }

  /// Why it can't be ended to be started again; empty if it can.
  std::string not_renewed() const;

  /// Lets go of a guest that does not read what is left for it. Returns how
  /// many bytes that were: it may have got half of a line.
  std::size_t let_go();

  /// It was killed, and is still there.
  bool outlives_kill() const { return stage_ == stage::running && killed_; }

  void kill_harder();

  /// Ends the child so that it is started again; see `renew_child`. Its end is
  /// no fault then, unless `how` says so.
  void renew(const renew_child& how);

  /// It was told to end so, and has not yet.
  bool renewing() const {
    return stage_ == stage::running && !renewal_.reason.empty();
  }

  /// SIGTERM to a child that is being renewed and takes its time.
  std::error_code terminate() { return process_.signal_group(SIGTERM); }

  /// How the last child was renewed; the reason is empty if it was not.
  const renew_child& renewal() const { return renewal_; }

  /// It runs and has closed its stdout: nothing will come of it any more.
  bool mute() const { return stage_ == stage::running && output_ended_; }

  /// Ends a child that is of no use any more, as if it had died. `event` is
  /// what the log calls it.
  void kill(std::string_view event, std::string_view why);

  child_started description() const;
  child_exit exit_status() const { return process_.exit_status(); }
  bool running() const { return process_.running(); }
  bool asked_to_end() const { return asked_to_end_; }

  /// After this child another one is waited for, not started.
  bool awaits_next() const {
    return process_.only_attaches() && !asked_to_end_;
  }

  outbox<delivery> to_conversation;
  inbox from_conversation;
  launch_patience patience;

private:
  /// none → running → exited (process reaped, output open) → concluded → none
  enum class stage : std::uint8_t { none, running, exited, concluded };

  void read_output();
  void read_errors();
  void take_output(const byte_source::result& result);
  void take_lines(std::string_view data, std::uint64_t origin);
  void end_input();
  void drop_half_line(codec::output_framer::piece& piece);
  void take_errors(const byte_source::result& result);
  void log_errors(bool at_end);
  void conclude();
  void check_input();

  child_process& process_;
  child_link_config config_;
  actor_context context_;
  notification notify_;
  codec::output_framer framer_;
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
  bool output_ended_ = false;
  bool joining_ = false;        // attached, and no line has begun since
  std::uint64_t half_line_ = 0; // bytes dropped of what began before that
  bool appeared_ = false;
  bool awaits_launch_ = false;
  bool reading_errors_ = false;
  bool errors_ended_ = false;
};

} // namespace container_agent
