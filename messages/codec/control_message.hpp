#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The protocol of the control socket: one JSON object a line, in both
/// directions; docs/control.md explains it. Used by the agent and by the
/// subcommands.
namespace container_agent::codec {

enum class control_command : std::uint8_t {
  status,
  stop,
  restart_claude,
  interrupt,
  trace, ///< its answer is the trace, which does not end
};

/// The events of the trace that are wanted: those that match all members.
struct trace_wish {
  std::string prompt{};              ///< its uuid or trace id; empty: any, none
  std::vector<std::string> types{};  ///< of messages; empty: all events
  std::vector<std::string> actors{}; ///< sender or receiver; empty: all events
  std::uint64_t past = 0;            ///< how many past events come first
};

struct control_request {
  control_command command = control_command::status;
  bool now = false;   ///< of `restart_claude`: in the middle of a turn, too
  std::string reason; ///< of `restart_claude`; may be empty
  trace_wish trace{}; ///< of `trace`
};

/// Why a line is no request: one sentence.
struct control_fault {
  std::string text;
};

/// `line` is without LF.
std::variant<control_request, control_fault>
read_control_request(std::string_view line);

/// Without LF.
std::string control_request_text(const control_request& request);

// Answers, without LF.

/// `what`: the outcome, in a sentence; empty: as requested.
std::string control_done(std::string_view what = {});
std::string control_failed(std::string_view why);

/// `document` is the status document, as JSON.
std::string control_status_answer(std::string_view document);

/// The shutdown has begun, and takes at most this long.
std::string control_stopping(std::chrono::milliseconds at_most);

struct control_answer {
  bool ok = false;
  std::string error;                    ///< why not ok
  std::string done;                     ///< the outcome, if reported
  std::string document;                 ///< of `status`
  std::chrono::milliseconds at_most{0}; ///< of `stop`
};

/// A line that is not an answer gives an error that says so.
control_answer read_control_answer(std::string_view line);

std::string_view to_string(control_command command);

} // namespace container_agent::codec
